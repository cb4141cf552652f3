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
from .model_facts import ModelFacts, facts_to_dict
from .questions import CaptionOptions, Question
from .review import ANY
from .runners import RunnerFact
from .service import Service

__all__ = [
    "ANY",
    "Answer",
    "AnswerNotFoundError",
    "CaptionChangedError",
    "CaptionOptions",
    "Counters",
    "EventHub",
    "LiveEvent",
    "ModelBuiltInError",
    "ModelBusyError",
    "ModelDoesNotFitError",
    "ModelDownloadingError",
    "ModelFacts",
    "Origin",
    "PathNotAllowedError",
    "Phase",
    "PhotoFileMissingError",
    "Question",
    "QueueFullError",
    "RunnerFact",
    "Service",
    "ServiceStoppingError",
    "SubscriberLost",
    "Subscription",
    "facts_to_dict",
]
