"""Environment variables in the addresses of a manifest, and nowhere else."""

from collections.abc import Mapping
import re
from typing import Final

from ..yaml_reader import YamlValue

EXPANDED_KEYS: Final = ("huggingface", "url")
"""Keys of a file's source in which `${NAME}` and `${NAME:-default}` are replaced."""

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}")
_ADDRESS: Final = re.compile(
    rf"models\[\d+\]\.files\[\d+\]\.sources\[\d+\]\.(?:{'|'.join(EXPANDED_KEYS)})"
)


def expand(value: YamlValue, environ: Mapping[str, str]) -> str:
    """Return a text with its environment variables replaced.

    As in a shell, `${NAME:-default}` also stands for a variable that is empty.
    """

    def replace_variable(match: re.Match[str]) -> str:
        name, default = match.groups()
        if default is not None:
            return environ.get(name) or default
        if name not in environ:
            value.fail(
                f"environment variable '{name}' is not set; "
                f"set it, or write '${{{name}:-default}}'"
            )
        return environ[name]

    text = value.text()
    if "${" in _VARIABLE.sub("", text):
        value.fail(f"'{text}' must be written '${{NAME}}' or '${{NAME:-default}}'")
    return _VARIABLE.sub(replace_variable, text)


def forbid_misplaced(value: YamlValue) -> None:
    """Fail on the first `${` that stands where nothing is replaced."""
    if value.is_mapping:
        for item in value.fields().values():
            forbid_misplaced(item)
    elif value.is_sequence:
        for item in value.items():
            forbid_misplaced(item)
    elif "${" in value.node.value and not _ADDRESS.fullmatch(value.key):
        keys = " and ".join(f"'{key}'" for key in EXPANDED_KEYS)
        value.fail(
            f"'${{...}}' has no meaning here; "
            f"it is replaced only in {keys} of a file's sources"
        )
