"""Read where a scorer's numbers become judgements."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..yaml_reader import YamlValue
from .blocks import Reader, read_signed
from .model import Thresholds, UnknownWord

CAPTION: Final[Mapping[str, Reader]] = MappingProxyType({"sure": read_signed})
NOUN: Final[Mapping[str, Reader]] = MappingProxyType(
    {"present": read_signed, "absent": read_signed}
)
LABEL: Final[Mapping[str, Reader]] = MappingProxyType(
    {"present": read_signed, "sure": read_signed}
)
THRESHOLD_KEYS: Final = (
    *("caption", "noun", "living", "asked", "label", "unknown_word"),
)


def read_thresholds(value: YamlValue) -> Thresholds:
    """Return the thresholds of a scorer; only those of labels may be missing."""
    fields = value.fields(THRESHOLD_KEYS, ("caption", "noun"))
    fields = {key: field for key, field in fields.items() if not field.is_null}
    for key in ("caption", "noun"):
        if key not in fields:
            value.fail(f"key '{key}' is empty")
    (sure,) = _numbers(fields["caption"], CAPTION)
    present, absent = _span(fields["noun"])
    living = _span(fields["living"]) if "living" in fields else (None, None)
    asked = _span(fields["asked"]) if "asked" in fields else (None, None)
    label = fields["label"].fields(LABEL, ("present",)) if "label" in fields else {}
    unknown = fields.get("unknown_word")
    return Thresholds(
        caption_sure=sure,
        noun_present=present,
        noun_absent=absent,
        label_present=read_signed(label["present"]) if label else None,
        label_sure=read_signed(label["sure"]) if "sure" in label else None,
        living_present=living[0],
        living_absent=living[1],
        asked_present=asked[0],
        asked_absent=asked[1],
        unknown_word=unknown.choice(UnknownWord) if unknown else UnknownWord.UNSURE,
    )


def _span(value: YamlValue) -> tuple[float, float]:
    """Return where a thing counts as present, and as absent."""
    present, absent = _numbers(value, NOUN)
    if absent > present:
        value.fail(f"'absent' must not be above 'present' ({absent:g} > {present:g})")
    return present, absent


def _numbers(value: YamlValue, readers: Mapping[str, Reader]) -> list[float]:
    fields = value.fields(readers, readers)
    return [reader(fields[key]) for key, reader in readers.items()]
