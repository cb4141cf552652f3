"""Interfaces of the families, and what the worker hands to them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
import os
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import ModelBrokenError
from ..schemas import ImageLabel, VisualCaption
from ..sessions.base import Array, Session, SessionFactory

if TYPE_CHECKING:  # a language model's worker needs no Pillow
    from PIL import Image

TOP_LABELS: Final = 5
NOTABLE_NOUN: Final = 0.05
"""Probability from which an image label is told though nobody asked for its noun."""


@dataclass(frozen=True, slots=True)
class FamilyConfig:
    """A model's files and settings, as the manifest gives them."""

    files: Mapping[str, str]
    preprocess: Mapping[str, Any]
    generate: Mapping[str, Any]
    open_session: SessionFactory

    def file(self, role: str) -> str:
        """Return the path of the file with this role."""
        path = self.files.get(role)
        if path is None:
            raise ModelBrokenError(f"the manifest names no file with the role '{role}'")
        return path

    def opening(
        self, *roles: str, initializers: Mapping[str, float] | None = None
    ) -> "Opening":
        """Begin to open files, all at once; `initializers` are the first one's."""
        paths = [self.file(role) for role in roles]
        first = partial(self.open_session, paths[0], initializers=initializers)
        cores = len(os.sched_getaffinity(0))
        pool = ThreadPoolExecutor(min(len(paths), cores))
        begun = [pool.submit(first)]
        begun += [pool.submit(self.open_session, path) for path in paths[1:]]
        pool.shutdown(wait=False)
        return Opening(tuple(begun))


@dataclass(frozen=True, slots=True)
class Opening:
    """Sessions in the making; what else a model needs can be read meanwhile."""

    begun: "tuple[Future[Session], ...]"

    def opened(self) -> list[Session]:
        """Return the sessions in order; raise the first error."""
        return [session.result() for session in self.begun]


@dataclass(frozen=True, slots=True)
class Captions:
    """Captions of one picture, best first, with the wall seconds of each stage."""

    captions: tuple[VisualCaption, ...]
    seconds: dict[str, float]
    image_features: Array | None = None
    """What the encoder saw, for a scorer that shares it, in the encoder's own shape."""


class Captioner(Protocol):
    """Describes pictures."""

    target_size: int
    """Shortest side in pixels that a decoded picture needs to have."""

    def caption(self, image: "Image.Image", generate: Mapping[str, Any]) -> Captions:
        """Return captions of an RGB picture; `generate` overrides the model's own."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as a scorer keeps it: asking again costs the text side alone."""

    embeds: Array
    labels: Array | None = None
    """Probability of each image label."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a picture."""

    captions: Sequence[str] = ()
    """Is the whole text true of the picture?"""
    phrases: Sequence[str] = ()
    """Is the thing that the noun phrase names in the picture?"""
    nouns: Sequence[str] = ()
    """What do the image labels say to this noun?"""


@dataclass(frozen=True, slots=True)
class Scores:
    """The answers, in the order of the question."""

    captions: tuple[float, ...]
    """How true each text is, on the scorer's own scale; higher is truer."""
    phrases: tuple[float, ...]
    """Probability that each phrase's thing is in the picture."""
    unknown: tuple[str, ...] = ()
    """The phrases that hold a word which the scorer never learned."""
    labels: tuple[ImageLabel, ...] = ()
    """The likeliest image labels, best first."""
    nouns: Mapping[str, float] | None = None
    """Probability of all labels of a noun: those asked for that the labels know, and
    any other that stands out; None without labels."""


class ImageTextScorer(Protocol):
    """Tells how far a picture supports texts."""

    target_size: int | None
    """Shortest side that a decoded picture needs to have; None: the scorer computes
    on a captioner's image features instead of pictures."""

    def see(self, picture: Any) -> Seen:
        """Return an RGB picture, or image features, in the form that is kept."""

    def score(self, seen: Seen, question: Question) -> Scores:
        """Return what speaks for the texts and phrases."""
