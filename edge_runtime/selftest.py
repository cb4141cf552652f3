"""A model must prove itself on this machine before it is chosen by itself.

A captioner has to load in a worker and describe two bundled photos with two different
captions, each of which names something that is really there. A language model has to
put two different facts into two captions, a text reader to read a bundled sign.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import re
from time import perf_counter
from typing import Final, Protocol

from . import __version__
from .errors import ManifestError, ModelBrokenError
from .files import write_text
from .inference.messages import CaptionAnswer, CaptionJob
from .inference.text_messages import (
    ChatTurn,
    GenerateAnswer,
    GenerateJob,
    ReadAnswer,
    ReadJob,
    TranslateAnswer,
    TranslateJob,
)
from .manifest import ModelSpec
from .schemas import Task
from .yaml_reader import read_yaml

SAMPLES: Final = Path(__file__).parent / "bundled" / "samples"
SIGN: Final = SAMPLES / "sign.png"
SIGN_TEXT: Final = "CAFE CENTRAL"
_EXAMPLE: Final = ("Two men sit on a bench.", "Lyon", "Two men sit on a bench in Lyon.")
_SENTENCES: Final = (
    ("A dog runs on the beach.", "Porto"),
    ("A boy rides a bicycle.", "Vienna"),
)
"""Captions that a language model adds a place to, and the places."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A photo that ships with the package."""

    path: Path
    title: str
    author: str
    license: str
    expected: tuple[str, ...]
    """Nouns any of which a true caption holds."""
    self_test: tuple[str, ...]
    """Nouns one of which a captioner has to name to prove itself; empty: not asked."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """How a model did on this machine."""

    passed: bool
    reason: str
    """Why it failed; empty if it passed."""
    captions: tuple[str, ...]
    seconds: float
    """Wall seconds of the second, warm caption."""
    peak_rss_bytes: int
    fingerprint: str
    """Version of the program and hashes of the files that were tested."""


class _Runner(Protocol):
    async def caption(self, job: CaptionJob, payload: bytes = b"") -> CaptionAnswer: ...

    async def generate(self, job: GenerateJob) -> GenerateAnswer: ...

    async def read(self, job: ReadJob, payload: bytes = b"") -> ReadAnswer: ...

    async def translate(self, job: TranslateJob) -> TranslateAnswer: ...


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a model answered to the test's questions."""

    texts: tuple[str, ...]
    reason: str
    """Why they prove nothing; empty if they do."""
    seconds: float
    """Of the last answer: the model is warm then."""
    peak_rss_bytes: int


def load_samples() -> tuple[Sample, ...]:
    """Return the photos that ship with the package."""
    root = read_yaml(SAMPLES / "samples.yaml", ManifestError)
    if root is None:
        return ()
    samples = []
    for item in root.fields(required=["samples"])["samples"].items():
        fields = item.fields(
            required=("file", "title", "author", "license", "expected")
        )
        samples.append(
            Sample(
                path=SAMPLES / fields["file"].text(),
                title=fields["title"].text(),
                author=fields["author"].text(),
                license=fields["license"].text(),
                expected=fields["expected"].texts(),
                self_test=fields["self_test"].texts() if "self_test" in fields else (),
            )
        )
    return tuple(samples)


class SelfTestStore:
    """Runs self-tests and keeps one result per model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, spec: ModelSpec) -> SelfTest | None:
        """Return the result for exactly these files, if there is one."""
        try:
            raw = json.loads(self._path(spec).read_text(encoding="utf-8"))
            result = SelfTest(**{**raw, "captions": tuple(raw["captions"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return result if result.fingerprint == _fingerprint(spec) else None

    def passed(self, specs: Iterable[ModelSpec]) -> frozenset[str]:
        """Return the ids of models that passed here."""
        return frozenset(s.id for s in specs if (r := self.get(s)) and r.passed)

    def failed(self, specs: Iterable[ModelSpec]) -> frozenset[str]:
        """Return the ids of models that failed here."""
        return frozenset(s.id for s in specs if (r := self.get(s)) and not r.passed)

    async def run(self, spec: ModelSpec, runner: _Runner) -> SelfTest:
        """Test a model with its runner, and store the verdict.

        What says nothing about the model (a worker that can't start, time or memory
        that ran out) is raised and not stored: the model stays unproven.
        """
        try:
            trial = await _TRIALS[spec.task](runner)
        except ModelBrokenError as err:
            trial = _Trial((), err.message, 0.0, 0)
        result = SelfTest(
            passed=not trial.reason,
            reason=trial.reason,
            captions=trial.texts,
            seconds=trial.seconds,
            peak_rss_bytes=trial.peak_rss_bytes,
            fingerprint=_fingerprint(spec),
        )
        write_text(self._path(spec), json.dumps(asdict(result), indent=1) + "\n")
        return result

    def _path(self, spec: ModelSpec) -> Path:
        return self._folder / f"{spec.id}.json"


def can_test(spec: ModelSpec) -> bool:
    """Return whether there is a self-test for what the model does."""
    return spec.task in _TRIALS


async def _captions(runner: _Runner) -> _Trial:
    samples = self_test_samples()
    answers: list[CaptionAnswer] = []
    seconds = 0.0
    for sample in samples:
        started = perf_counter()
        answers.append(await runner.caption(CaptionJob(path=str(sample.path))))
        seconds = perf_counter() - started
    captions = tuple(answer.captions[0].text for answer in answers)
    peak = max((a.peak_rss_bytes for a in answers), default=0)
    return _Trial(captions, judge(captions, samples), seconds, peak)


async def _texts(runner: _Runner) -> _Trial:
    texts: list[str] = []
    seconds, peak = 0.0, 0
    for caption, place in _SENTENCES:
        turns = (
            ChatTurn("user", _question(*_EXAMPLE[:2])),
            ChatTurn("assistant", _EXAMPLE[2]),
            ChatTurn("user", _question(caption, place)),
        )
        started = perf_counter()
        answer = await runner.generate(GenerateJob(turns, {"max_new_tokens": 48}))
        seconds = perf_counter() - started
        peak = max(peak, answer.peak_rss_bytes)
        texts.append(answer.text.strip())
    named = all(
        place in text for text, (_, place) in zip(texts, _SENTENCES, strict=True)
    )
    reason = "" if named else f"it was told a place and wrote: {' / '.join(texts)}"
    return _Trial(tuple(texts), reason, seconds, peak)


async def _translations(runner: _Runner) -> _Trial:
    sources = tuple(caption for caption, _ in _SENTENCES)
    await runner.translate(TranslateJob(sources[:1]))  # warms up
    started = perf_counter()
    answer = await runner.translate(TranslateJob(sources))
    seconds = (perf_counter() - started) / len(sources)
    said = answer.texts
    fine = len(set(said)) == len(said) and not set(said) & {"", *sources}
    reason = "" if fine else f"it translated two sentences as: {' / '.join(said)}"
    return _Trial(said, reason, seconds, answer.peak_rss_bytes)


def _question(caption: str, place: str) -> str:
    return f"Add the place to the caption.\nCaption: {caption}\nPlace: {place}"


async def _sign(runner: _Runner) -> _Trial:
    started = perf_counter()
    answer = await runner.read(ReadJob(path=str(SIGN)))
    seconds = perf_counter() - started
    text = " ".join(line.text for line in answer.lines)
    reason = "" if SIGN_TEXT in text.upper() else f"it read '{text}' on a plain sign"
    return _Trial((text,), reason, seconds, answer.peak_rss_bytes)


_TRIALS: Final[dict[Task, Callable[[_Runner], Awaitable[_Trial]]]] = {
    Task.IMAGE_TO_TEXT: _captions,
    Task.TEXT_GENERATION: _texts,
    Task.OCR: _sign,
    Task.TRANSLATION: _translations,
}


def self_test_samples() -> tuple[Sample, ...]:
    """Return the bundled photos that a captioner has to prove itself on."""
    return tuple(sample for sample in load_samples() if sample.self_test)


def judge(captions: tuple[str, ...], samples: tuple[Sample, ...]) -> str:
    """Return why the captions prove nothing, or an empty text if they do."""
    if not all(captions):
        return "a photo got no caption"
    if len(set(captions)) < len(captions):
        return f"different photos got the same caption: {captions[0]}"
    for caption, sample in zip(captions, samples, strict=True):
        words = set(re.findall(r"[a-z]+", caption.lower()))
        if not words & set(sample.self_test):
            return f"'{caption}' names nothing that is in the photo: {sample.title}"
    return ""


def _fingerprint(spec: ModelSpec) -> str:
    files = " ".join(f"{file.path}:{file.sha256}" for file in spec.files)
    return f"{__version__} {files}"
