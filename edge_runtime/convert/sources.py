"""Where a checkpoint is: in a folder, or on the hub; and which architecture it has."""

from collections.abc import Callable, Mapping
from pathlib import Path
import re
from typing import Any, Final

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from ..errors import (
    AccessDeniedError,
    ArchitectureUnknownError,
    CheckpointError,
    OfflineError,
    SourceNotFoundError,
    SourceUnreachableError,
)
from . import hub_models
from .model import Checkpoint
from .own_captioner import OwnCaptioner, is_work_folder
from .request import ConvertRequest, Step

ARCHITECTURES: Final[Mapping[str, Callable[[Path], Checkpoint]]] = {
    "vision-encoder-decoder": hub_models.vit_gpt2,
    "blip": hub_models.blip,
    "florence2": hub_models.Florence2,
    "git": hub_models.git,
    "marian": hub_models.MarianTranslation,
}
_HUB_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")
_WANTED: Final = (".json", ".txt", ".spm", ".model", ".md")
_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")


def find_checkpoint(
    request: ConvertRequest, tell: Callable[[Step], None]
) -> tuple[Path, str]:
    """Return a checkpoint's folder and where it is from; fetch it if need be."""
    folder = Path(request.source).expanduser()
    if folder.is_dir():
        return folder.resolve(), folder.name
    if folder.exists():
        raise CheckpointError(f"{folder}: is a file; name the folder that it lies in")
    if not _HUB_NAME.fullmatch(request.source):
        raise CheckpointError(
            f"{request.source}: there is no such folder, and a model on the hub has "
            "the form owner/name"
        )
    if request.offline:
        raise OfflineError(
            f"{request.source}: would have to come from {request.hub}, and the "
            "network is switched off (offline)"
        )
    return _fetch(request, tell), request.source


def open_checkpoint(folder: Path) -> Checkpoint:
    """Return the loaded model of a folder."""
    if is_work_folder(folder):
        return OwnCaptioner(folder)
    config = hub_models.read_config(folder)
    kind = str(config.get("model_type"))
    opened = ARCHITECTURES.get(kind)
    if opened is None:
        known = ", ".join(sorted(ARCHITECTURES))
        raise ArchitectureUnknownError(
            f"{folder}: is of the architecture '{kind}'; this version converts "
            f"{known}, and the work folder of our own captioner"
        )
    if not any((folder / name).exists() for name in (*_WEIGHTS, *_indices())):
        raise CheckpointError(
            f"{folder}: has no weights ({' or '.join(_WEIGHTS)}); a folder of ONNX "
            "files or of GGUF is converted already"
        )
    return opened(folder)


def license_of(folder: Path, given: str) -> str:
    """Return the licence: as given, else as the model card's first lines name it."""
    if given:
        return given
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.exists() else ""
    found = re.search(r"^license: *[\"']?([\w.-]+)", text, re.MULTILINE)
    name = found.group(1) if found else "unknown"
    return _SPDX.get(name.lower(), f"LicenseRef-{name}")


_SPDX: Final = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD-3-Clause",
    "cc-by-4.0": "CC-BY-4.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0",
}


def _indices() -> list[str]:
    return [f"{name}.index.json" for name in _WEIGHTS]


def _fetch(request: ConvertRequest, tell: Callable[[Step], None]) -> Path:
    target = Path(request.work) / "checkpoint"
    api: Any = HfApi(endpoint=request.hub)
    try:
        info = api.model_info(request.source, files_metadata=True)
        files = _chosen({item.rfilename: item.size or 0 for item in info.siblings})
        done, total = 0, sum(files.values())
        for name, size in files.items():
            tell(Step("download", done, total))
            hf_hub_download(
                request.source,
                name,
                revision=info.sha,
                local_dir=target,
                endpoint=request.hub,
            )
            done += size
    except GatedRepoError:
        raise AccessDeniedError(
            f"{request.source}: wants a login and an accepted licence; see its page "
            f"on {request.hub}, then set HF_TOKEN"
        ) from None
    except RepositoryNotFoundError:
        raise SourceNotFoundError(
            f"{request.source}: {request.hub} has no such model"
        ) from None
    except (HfHubHTTPError, OSError) as err:
        line = (str(err).strip().splitlines() or [type(err).__name__])[0]
        raise SourceUnreachableError(
            f"{request.source}: {request.hub} can't be reached ({line}); a folder "
            "with the checkpoint does as well"
        ) from None
    return target


def _chosen(files: Mapping[str, int]) -> dict[str, int]:
    """Return what a conversion reads: small files, and one kind of weights."""
    weights = next((name for name in _WEIGHTS if name in files), None)
    return {
        name: size
        for name, size in files.items()
        if "/" not in name and (name == weights or name.endswith(_WANTED))
    }
