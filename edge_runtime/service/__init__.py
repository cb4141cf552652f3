"""The service below HTTP: questions answered, jobs run, decisions kept."""

from .answers import Answer, Origin, Phase
from .counters import Counters
from .errors import (
    AnswerNotFoundError,
    CaptionChangedError,
    ModelBuiltInError,
    ModelBusyError,
    ModelDoesNotFitError,
    ModelDownloadingError,
    PathNotAllowedError,
    PhotoFileMissingError,
    QueueFullError,
    ServiceStoppingError,
)
from .events import EventHub, LiveEvent, SubscriberLost, Subscription
from .library import (
    ACCEPT_JOB,
    CAPTION_JOB,
    RESTORE_JOB,
    SCAN_JOB,
    WRITE_JOB,
    FolderFacts,
    FolderInConfigError,
    FolderNotFoundError,
    FolderOfflineError,
    FolderStatus,
    FolderWatchedError,
    LibraryService,
    NoFolderError,
    SourceHasCaptionsError,
)
from .model_facts import ModelFacts, facts_to_dict
from .questions import CaptionOptions, Question
from .review import ANY
from .runners import RunnerFact
from .service import Service
from .wanted import check_options

__all__ = [
    "ACCEPT_JOB",
    "ANY",
    "CAPTION_JOB",
    "RESTORE_JOB",
    "SCAN_JOB",
    "WRITE_JOB",
    "Answer",
    "AnswerNotFoundError",
    "CaptionChangedError",
    "CaptionOptions",
    "Counters",
    "EventHub",
    "FolderFacts",
    "FolderInConfigError",
    "FolderNotFoundError",
    "FolderOfflineError",
    "FolderStatus",
    "FolderWatchedError",
    "LibraryService",
    "LiveEvent",
    "ModelBuiltInError",
    "ModelBusyError",
    "ModelDoesNotFitError",
    "ModelDownloadingError",
    "ModelFacts",
    "NoFolderError",
    "Origin",
    "PathNotAllowedError",
    "Phase",
    "PhotoFileMissingError",
    "Question",
    "QueueFullError",
    "RunnerFact",
    "Service",
    "ServiceStoppingError",
    "SourceHasCaptionsError",
    "SubscriberLost",
    "Subscription",
    "check_options",
    "facts_to_dict",
]
