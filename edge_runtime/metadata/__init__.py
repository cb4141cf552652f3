"""A photo's metadata: read from everywhere, written so that nothing is lost."""

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
from .rewrite import is_leftover, remove_leftover
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
