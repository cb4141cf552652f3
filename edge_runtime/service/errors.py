"""What the service refuses, besides what its parts do."""

from ..errors import EdgeRuntimeError, ModelError


class QueueFullError(EdgeRuntimeError):
    """Too many captions wait already; `retry_after_s` says when to come back."""

    code = "queue_full"
    status = 429

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SettingInvalidError(EdgeRuntimeError):
    """A setting can't have this value; the message begins with its name."""

    code = "setting_invalid"
    status = 400


class SettingFixedError(EdgeRuntimeError):
    """What goes over the page sets this already."""

    code = "setting_fixed"
    status = 409


class PathNotAllowedError(EdgeRuntimeError):
    """The path lies in no folder that clients may name photos of."""

    code = "path_not_allowed"
    status = 403


class PhotoFileMissingError(EdgeRuntimeError):
    """The store knows the photo, and neither its file nor a thumbnail is there."""

    code = "photo_file_missing"
    status = 409


class CaptionChangedError(EdgeRuntimeError):
    """Somebody else changed the caption since this client saw it."""

    code = "caption_changed"
    status = 409


class AnswerNotFoundError(EdgeRuntimeError):
    """No caption has this id, or it was not stored and is forgotten by now."""

    code = "caption_not_found"
    status = 404


class ModelBusyError(ModelError):
    """The model answers somebody now, or a job works on its files."""

    code = "model_busy"


class ModelBuiltInError(ModelError):
    """The model is a part of the program and stays."""

    code = "model_built_in"


class ModelDoesNotFitError(ModelError):
    """The model is not made for this machine; `confirm` takes it all the same."""

    code = "model_does_not_fit"


class ModelDownloadingError(ModelError):
    """The model that was asked for is on its way: ask again when its job is done."""

    code = "model_downloading"

    def __init__(
        self, message: str, job_id: str = "", retry_after_s: float = 30.0
    ) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.retry_after_s = retry_after_s

    def to_dict(self) -> dict[str, str]:
        """Return the body that every surface shows, with the job to follow."""
        return {**super().to_dict(), "job_id": self.job_id}


class ServiceStoppingError(EdgeRuntimeError):
    """The service is on its way down."""

    code = "stopping"
    status = 503
