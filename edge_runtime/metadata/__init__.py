"""A photo's metadata: read from everywhere, written so that nothing is lost.

A module is imported when the first of its names is used: a service that writes into no
photo, which most do, has no room to spare for 1.5 MB of formats.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .errors import (
        CaptionTextError,
        EmbedRefusedError,
        FolderReadOnlyError,
        MetadataDamagedError,
        MetadataError,
        MetadataNotWrittenError,
        MetadataTooLargeError,
        PhotoBusyError,
        PhotoChangedError,
        PhotoDiskFullError,
    )
    from .leftovers import is_leftover, remove_leftover
    from .model import (
        Area,
        Camera,
        DateTaken,
        FileKind,
        FoundText,
        Person,
        PhotoMetadata,
        Position,
        Provenance,
        Zone,
    )
    from .reading import read_metadata
    from .request import (
        CaptionToWrite,
        KeptReason,
        KeptText,
        RestoreResult,
        WriteMode,
        WriteOptions,
        WriteResult,
        WrittenText,
    )
    from .sidecar import SidecarName
    from .writing import restore, write_caption

__all__ = [
    "Area",
    "Camera",
    "CaptionTextError",
    "CaptionToWrite",
    "DateTaken",
    "EmbedRefusedError",
    "FileKind",
    "FolderReadOnlyError",
    "FoundText",
    "KeptReason",
    "KeptText",
    "MetadataDamagedError",
    "MetadataError",
    "MetadataNotWrittenError",
    "MetadataTooLargeError",
    "Person",
    "PhotoBusyError",
    "PhotoChangedError",
    "PhotoDiskFullError",
    "PhotoMetadata",
    "Position",
    "Provenance",
    "RestoreResult",
    "SidecarName",
    "WriteMode",
    "WriteOptions",
    "WriteResult",
    "WrittenText",
    "Zone",
    "is_leftover",
    "read_metadata",
    "remove_leftover",
    "restore",
    "write_caption",
]

_HOMES: Final = {
    "Area": "model",
    "Camera": "model",
    "CaptionTextError": "errors",
    "CaptionToWrite": "request",
    "DateTaken": "model",
    "EmbedRefusedError": "errors",
    "FileKind": "model",
    "FolderReadOnlyError": "errors",
    "FoundText": "model",
    "KeptReason": "request",
    "KeptText": "request",
    "MetadataDamagedError": "errors",
    "MetadataError": "errors",
    "MetadataNotWrittenError": "errors",
    "MetadataTooLargeError": "errors",
    "Person": "model",
    "PhotoBusyError": "errors",
    "PhotoChangedError": "errors",
    "PhotoDiskFullError": "errors",
    "PhotoMetadata": "model",
    "Position": "model",
    "Provenance": "model",
    "RestoreResult": "request",
    "SidecarName": "sidecar",
    "WriteMode": "request",
    "WriteOptions": "request",
    "WriteResult": "request",
    "WrittenText": "request",
    "Zone": "model",
    "is_leftover": "leftovers",
    "read_metadata": "reading",
    "remove_leftover": "leftovers",
    "restore": "writing",
    "write_caption": "writing",
}


def __getattr__(name: str) -> Any:
    """Return a name of the package from the module that it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
