"""What can stand in the way of reading and writing a photo's metadata."""

from ..errors import PhotoError


class MetadataError(PhotoError):
    """The metadata of one photo can't be read or written; the photo is untouched."""

    code = "metadata_error"


class MetadataDamagedError(MetadataError):
    """A block of metadata breaks its own rules, so nothing can be added to it."""

    code = "metadata_damaged"


class MetadataTooLargeError(MetadataError):
    """A block of metadata is larger than any program writes, or than its place."""

    code = "metadata_too_large"
    status = 413


class EmbedRefusedError(MetadataError):
    """Embedding in this file could break something; a sidecar is the way."""

    code = "embed_refused"
    status = 409


class CaptionTextError(MetadataError):
    """A text can't be stored as metadata."""

    code = "caption_text_invalid"
    status = 400


class PhotoBusyError(MetadataError):
    """Somebody else is writing this photo's metadata."""

    code = "photo_busy"
    status = 409


class PhotoChangedError(MetadataError):
    """The file was changed by another program while it was being rewritten."""

    code = "photo_changed"
    status = 409


class FolderReadOnlyError(MetadataError):
    """Nothing can be written beside the photo."""

    code = "photo_folder_read_only"
    status = 403


class PhotoDiskFullError(MetadataError):
    """There is no room left where the photo lies."""

    code = "photo_disk_full"
    status = 507


class MetadataNotWrittenError(MetadataError):
    """The system refused the write, or the new file did not read back as it should."""

    code = "metadata_not_written"
    status = 500
