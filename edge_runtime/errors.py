"""One tree of errors; each class has a stable code and the HTTP status it maps to."""

from typing import ClassVar


class EdgeRuntimeError(Exception):
    """Base of every error that a person or a client is meant to read."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    by_code: ClassVar[dict[str, type["EdgeRuntimeError"]]] = {}

    def __init_subclass__(cls) -> None:
        """Make the class findable by its code, for errors that cross a process."""
        EdgeRuntimeError.by_code.setdefault(cls.code, cls)

    @property
    def message(self) -> str:
        """Return the one line that says what was wrong and what to do."""
        return str(self)

    def to_dict(self) -> dict[str, str]:
        """Return the body that every surface shows: code and message."""
        return {"code": self.code, "message": self.message}


def error_from_code(code: str, message: str) -> EdgeRuntimeError:
    """Return the error class that a code stands for, filled with its message."""
    return EdgeRuntimeError.by_code.get(code, EdgeRuntimeError)(message)


class PhotoError(EdgeRuntimeError):
    """A photo can't be used; the others of the same call are not affected."""

    code = "photo_error"
    status = 422


class PhotoNotFoundError(PhotoError):
    """There is no file at this path."""

    code = "photo_not_found"
    status = 404


class PhotoIsFolderError(PhotoError):
    """The path is a folder."""

    code = "photo_is_a_folder"


class PhotoUnreadableError(PhotoError):
    """The file exists and can't be opened or read."""

    code = "photo_unreadable"
    status = 403


class PhotoEmptyError(PhotoError):
    """The file has no bytes."""

    code = "photo_empty"


class PhotoFormatError(PhotoError):
    """The file is no picture, or one of a kind that is not supported."""

    code = "photo_format_unsupported"
    status = 415


class PhotoDamagedError(PhotoError):
    """The picture is cut off or broken inside."""

    code = "photo_damaged"


class PhotoTooLargeError(PhotoError):
    """The header names more pixels than any camera makes."""

    code = "photo_too_large"
    status = 413


class PhotoTooLargeForMemoryError(PhotoError):
    """Decoding the picture would need more memory than there is."""

    code = "photo_too_large_for_memory"
    status = 413


class DocumentError(EdgeRuntimeError):
    """A YAML file is wrong; the message names file, line and key."""

    code = "document_invalid"


class ManifestError(DocumentError):
    """A models.yaml is wrong."""

    code = "manifest_invalid"


class ConfigError(DocumentError):
    """The configuration (file, environment or option) is wrong."""

    code = "config_invalid"


class TemplateError(EdgeRuntimeError):
    """A template of captions can't be used as it is written."""

    code = "template_invalid"
    status = 400


class FactError(EdgeRuntimeError):
    """A fact that was given about a photo makes no sense."""

    code = "fact_invalid"
    status = 400


class HardwareCaptureError(DocumentError):
    """A captured machine can't be read."""

    code = "hardware_capture_invalid"


class ModelError(EdgeRuntimeError):
    """A model can't be used."""

    code = "model_error"
    status = 409


class ModelUnknownError(ModelError):
    """No manifest row has this id."""

    code = "model_unknown"
    status = 404


class ModelNotInstalledError(ModelError):
    """The model's files are not on this machine."""

    code = "model_not_installed"


class ModelUnusableError(ModelError):
    """The model can't run here: library, family, CPU or memory."""

    code = "model_unusable"


class NoModelError(ModelError):
    """No model for this task is installed and fits, or the stage is off."""

    code = "no_model"


class ModelBrokenError(ModelError):
    """The model's files are there and can't be loaded."""

    code = "model_broken"


class ConversionError(ModelError):
    """A checkpoint can't be turned into a model that runs here."""

    code = "conversion_failed"


class CheckpointError(ConversionError):
    """What was to be converted is no checkpoint, lacks a file or can't be read."""

    code = "checkpoint_invalid"
    status = 422


class ArchitectureUnknownError(ConversionError):
    """No exporter knows this architecture."""

    code = "architecture_unknown"
    status = 422


class ConversionDriftsError(ConversionError):
    """The converted model says something else than PyTorch; nothing was installed."""

    code = "conversion_drifts"


class ModelCannotAnswerError(ModelError):
    """What is asked is more than the models that are here can do."""

    code = "model_cannot_answer"


class PromptTooLongError(ModelError):
    """What a language model should read doesn't fit into its context."""

    code = "prompt_too_long"
    status = 413


class LicenseNotAcceptedError(ModelError):
    """The model's licence wants to be accepted first."""

    code = "license_not_accepted"


class DownloadError(EdgeRuntimeError):
    """A model's file could not be fetched."""

    code = "download_failed"
    status = 502


class OfflineError(DownloadError):
    """A file would have to come from the network, and the network is switched off."""

    code = "offline"


class SourceUnreachableError(DownloadError):
    """The server can't be reached or went away."""

    code = "source_unreachable"


class AccessDeniedError(DownloadError):
    """The server wants a login, an accepted licence or another token."""

    code = "access_denied"


class SourceNotFoundError(DownloadError):
    """The server, folder or archive has no such file."""

    code = "source_not_found"


class RateLimitedError(DownloadError):
    """The server asks to come back later."""

    code = "rate_limited"


class HashMismatchError(DownloadError):
    """The bytes are not the ones the manifest names."""

    code = "hash_mismatch"


class SizeMismatchError(DownloadError):
    """The file is shorter or longer than the manifest says."""

    code = "size_mismatch"


class DiskFullError(DownloadError):
    """There is not enough room on the disk."""

    code = "disk_full"
    status = 507


class ModelLockedError(DownloadError):
    """Another process is working on the same model."""

    code = "model_locked"
    status = 409


class WorkerError(EdgeRuntimeError):
    """The inference worker failed."""

    code = "worker_failed"


class WorkerStartError(WorkerError):
    """The worker could not be started, or ended before it was ready."""

    code = "worker_start_failed"


class WorkerCrashedError(WorkerError):
    """The worker was ended by a signal or left without an answer."""

    code = "worker_crashed"


class WorkerStoppedError(WorkerError):
    """The worker was told to stop while the request was open."""

    code = "worker_stopped"
    status = 503


class WorkerMemoryError(WorkerError):
    """The worker passed its memory limit and was ended."""

    code = "worker_out_of_memory"
    status = 507


class WorkerTimeoutError(WorkerError):
    """The worker did not answer in time and was ended."""

    code = "worker_timeout"
    status = 504


class ProviderFailedError(WorkerError):
    """A graphics card or another accelerator can't be used, or no longer."""

    code = "provider_failed"


class ProtocolError(WorkerError):
    """A frame between runtime and worker is malformed or too large."""

    code = "worker_protocol"
