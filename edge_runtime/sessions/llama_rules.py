"""The rules that an answer has to follow, in llama.cpp's own form."""

import json

from llama_cpp.llama_grammar import json_schema_to_gbnf

from ..errors import ModelUnusableError
from .base import Sampling


def rules_of(sampling: Sampling) -> str | None:
    """Return the grammar that an answer has to follow, or None."""
    if sampling.grammar is not None or sampling.json_schema is None:
        return sampling.grammar
    try:
        rules: str = json_schema_to_gbnf(json.dumps(sampling.json_schema))
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        raise ModelUnusableError(
            f"the schema of the answer can't be used ({err})"
        ) from None
    return rules
