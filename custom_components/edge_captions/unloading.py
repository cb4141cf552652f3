"""Give the memory of all models back."""

from typing import Final

from .client import RuntimeClient

_LOADED: Final = frozenset({"starting", "ready"})


async def unload_all(client: RuntimeClient) -> list[str]:
    """Unload every model that holds memory; return their ids.

    A model that shares another's process leaves with it: it is asked for last and may
    be gone by then.
    """
    loaded = [model.id for model in await client.models() if model.runner in _LOADED]
    for model_id in loaded:
        await client.unload(model_id)
    return loaded
