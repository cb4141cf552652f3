"""The inference worker: a child process that loads one model and answers frames.

Started as `python -P -m edge_runtime.inference.worker`; its end frees all memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
import gc
from importlib import import_module
import sys
from time import perf_counter
from typing import Any

from ..errors import EdgeRuntimeError, ModelUnusableError, WorkerError
from .messages import CaptionAnswer, CaptionJob, LoadRequest, ScoreJob, SharedScorer
from .protocol import Frame
from .registry import (
    CAPTIONERS,
    GENERATORS,
    READERS,
    SCORERS,
    SESSIONS,
    TRANSLATORS,
)
from .serving import peak_rss_bytes, run, trim_memory
from .text_messages import (
    GenerateAnswer,
    GenerateJob,
    ReadAnswer,
    ReadJob,
    TranslateAnswer,
    TranslateJob,
)


class Worker:
    """Answers one request at a time; holds one model, and a scorer beside it."""

    def __init__(self) -> None:
        self._captioner: Any = None
        self._scorer: Any = None
        self._generator: Any = None
        self._reader: Any = None
        self._translator: Any = None
        self._no_scorer: EdgeRuntimeError = WorkerError("no scorer is loaded")

    def answer(self, frame: Frame) -> dict[str, Any]:
        """Return the result of a request; errors are raised."""
        header, payload = frame.header, frame.payload
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "load": lambda: self._load_model(LoadRequest.from_header(header)),
            "caption": lambda: self._caption(CaptionJob.from_header(header), payload),
            "score": lambda: self._score(ScoreJob.from_header(header), payload),
            "generate": lambda: self._generate(GenerateJob.from_header(header)),
            "translate": lambda: self._translate(TranslateJob.from_header(header)),
            "read": lambda: self._read(ReadJob.from_header(header), payload),
            "ping": dict,
            "probe": lambda: _probe(header),
            "benchmark": lambda: _benchmark(header),
        }
        op = str(header.get("op"))
        if op not in answers:
            raise WorkerError(f"the worker knows no request '{op}'")
        return answers[op]()

    def _load_model(self, request: LoadRequest) -> dict[str, Any]:
        if request.family in SCORERS:
            self._scorer = _open_scorer(request, request.threads, request.preprocess)
        elif request.family in GENERATORS:
            self._generator = _open_model(GENERATORS, request)
        elif request.family in READERS:
            self._reader = _open_model(READERS, request)
        elif request.family in TRANSLATORS:
            self._translator = _open_model(TRANSLATORS, request)
        else:
            self._captioner = _open_model(CAPTIONERS, request)
            trim_memory()
        if request.scorer is not None:
            try:
                self._scorer = _open_scorer(request.scorer, request.threads)
            except EdgeRuntimeError as err:  # a caption without a check beats none
                self._no_scorer = err
        trim_memory()
        gc.enable()
        return {"peak_rss_bytes": peak_rss_bytes()}

    def _caption(self, job: CaptionJob, payload: bytes) -> dict[str, Any]:
        if self._captioner is None:
            raise WorkerError("a caption was asked for before a model was loaded")
        started = perf_counter()
        photo = _open_photo(job, payload, self._captioner.target_size)
        decoded = perf_counter() - started
        found = self._captioner.caption(photo.image, job.generate)
        kept = None
        if self._scorer is not None and found.image_features is not None:
            kept = self._scorer.keep(found.image_features)
        return CaptionAnswer(
            captions=found.captions,
            seconds={"decode": decoded, **found.seconds},
            width=photo.width,
            height=photo.height,
            notes=photo.notes,
            peak_rss_bytes=peak_rss_bytes(),
            photo=kept,
        ).to_header()

    def _generate(self, job: GenerateJob) -> dict[str, Any]:
        if self._generator is None:
            raise WorkerError("a text was asked for before a language model was loaded")
        turns = [(turn.role, turn.text) for turn in job.turns]
        found = self._generator.generate(turns, job.generate)
        return GenerateAnswer(
            **asdict(found), peak_rss_bytes=peak_rss_bytes()
        ).to_header()

    def _translate(self, job: TranslateJob) -> dict[str, Any]:
        if self._translator is None:
            raise WorkerError("a translation was asked for before a translator was")
        found = self._translator.translate(job.texts, job.generate)
        return TranslateAnswer(found.texts, found.seconds, peak_rss_bytes()).to_header()

    def _read(self, job: ReadJob, payload: bytes) -> dict[str, Any]:
        if self._reader is None:
            raise WorkerError("a text was to be read before a text reader was loaded")
        started = perf_counter()
        photo = _open_photo(job, payload, self._reader.target_size)
        decoded = perf_counter() - started
        found = self._reader.read(photo.image)
        return ReadAnswer(
            lines=found.lines,
            seconds={"decode": decoded, **found.seconds},
            notes=photo.notes,
            peak_rss_bytes=peak_rss_bytes(),
        ).to_header()

    def _score(self, job: ScoreJob, payload: bytes) -> dict[str, Any]:
        if self._scorer is None:
            raise self._no_scorer
        number = job.photo
        if number is None or not self._scorer.knows(number):
            if not (payload or job.path):
                raise WorkerError("the worker no longer knows the photo to score")
            number = self._scorer.keep(self._picture(job, payload))
        answer = self._scorer.answer(number, job, peak_rss_bytes())
        return dict(answer.to_header())

    def _picture(self, job: ScoreJob, payload: bytes) -> Any:
        """Return a photo in the form that the scorer takes."""
        size = self._scorer.scorer.target_size
        if size is not None:
            return _open_photo(job, payload, size).image
        if self._captioner is None:
            raise WorkerError(
                "this scorer shares a captioner's encoder; none is loaded"
            )
        photo = _open_photo(job, payload, self._captioner.target_size)
        return self._captioner.image_features(photo.image)


def _probe(header: dict[str, Any]) -> dict[str, Any]:
    """Try one of onnxruntime's providers; a crash is told by the parent."""
    _load("edge_runtime.sessions.onnx_providers:probe")(dict(header["options"]))
    return {}


def _benchmark(header: dict[str, Any]) -> dict[str, Any]:
    """Measure how fast this machine computes, with each number of threads."""
    measure = _load("edge_runtime.sessions.benchmark:measure")
    more = (int(header["buffer_bytes"]), float(header["seconds"]))
    return {"rates": [measure(int(n), *more) for n in header["threads"]]}


def _config(
    part: LoadRequest | SharedScorer, threads: int, preprocess: dict[str, Any]
) -> Any:
    """Return what makes the family's configuration, `generate` left open."""
    session = _find(SESSIONS, part.library, "library")
    return partial(
        _load("edge_runtime.families.base:FamilyConfig"),
        files=part.files,
        preprocess=preprocess,
        open_session=partial(session, threads=threads, options=part.options),
    )


def _open_model(families: Mapping[str, str], request: LoadRequest) -> Any:
    family = _find(families, request.family, "family")
    config = _config(request, request.threads, request.preprocess)
    return family(config(generate=request.generate))


def _open_scorer(
    part: LoadRequest | SharedScorer,
    threads: int,
    preprocess: dict[str, Any] | None = None,
) -> Any:
    family = _find(SCORERS, part.family, "family")
    scorer = family(_config(part, threads, preprocess or {})(generate={}))
    return _load("edge_runtime.inference.scoring:PhotoScorer")(scorer)


def _open_photo(job: CaptionJob | ScoreJob | ReadJob, payload: bytes, size: int) -> Any:
    opened = _load("edge_runtime.imaging:open_photo")
    return opened(payload or job.path or "", size, job.memory_budget)


def _find(registry: Any, name: str, kind: str) -> Any:
    if name not in registry:
        raise ModelUnusableError(f"this version has no {kind} '{name}'")
    return _load(registry[name])


def _load(place: str) -> Any:
    """Import `module:attribute`; a library that can't be loaded is a typed error."""
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, RuntimeError, OSError) as err:  # numpy raises RuntimeError
        reason = str(err).strip().splitlines()[:1] or [type(err).__name__]
        raise ModelUnusableError(
            f"{module} can't be loaded here ({reason[0]}): run edge-captions doctor"
        ) from None


def main() -> int:
    """Run the worker on its standard streams."""
    gc.disable()  # imports and vocabularies leave nothing to find: 4 % of a start
    return run(Worker().answer)


if __name__ == "__main__":
    sys.exit(main())
