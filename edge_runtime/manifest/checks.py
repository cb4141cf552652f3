"""What can be wrong with a manifest that can be read: rows that don't add up."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
import hashlib
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ..preferences import AUTO, NONE
from ..schemas import Task
from .findings import Finding, Grade, finding
from .licenses import license_problem
from .model import Manifest, ModelFile, ModelFormat, ModelSpec, SourceKind, Tuning
from .sourced import untold

LIBRARIES_OF: Final[Mapping[ModelFormat, frozenset[str]]] = MappingProxyType(
    {
        ModelFormat.ONNX: frozenset({"onnxruntime"}),
        ModelFormat.GGUF: frozenset({"llama-cpp-python"}),
        ModelFormat.TFLITE: frozenset({"ai-edge-litert", "tflite-runtime"}),
    }
)


def check_manifest(
    manifest: Manifest,
    families: frozenset[str],
    libraries: frozenset[str],
    bundled: Path,
) -> tuple[Finding, ...]:
    """Return everything that is wrong or unknown, without any network."""
    findings = [*_defaults(manifest), *_order(manifest), *_twice(manifest)]
    for spec in manifest.models:
        findings += _programs(spec, families, libraries)
        findings += _terms(spec)
        findings += untold(spec)
        findings += _memory(spec)
        findings += _files(spec, bundled)
    return tuple(findings)


def _defaults(manifest: Manifest) -> Iterator[Finding]:
    for task in Task:
        choice = manifest.selection.choice(task)
        spec = None if choice in {AUTO, NONE} else manifest.get(choice)
        if spec is not None and spec.tuning is Tuning.BASE:
            yield finding(
                spec,
                "default_is_base",
                f"is the default for {task}, and a base checkpoint follows no "
                "instruction: name a finetuned or instruct one",
            )


def _order(manifest: Manifest) -> Iterator[Finding]:
    for task in Task:
        for before, after in pairwise(manifest.for_task(task)):
            if _score(after) > _score(before):
                yield finding(
                    after,
                    "order",
                    f"scores {_score(after):g} and stands below {before.id} with "
                    f"{_score(before):g}: the best of a task stands first",
                    Grade.NOTE,
                )


def _score(spec: ModelSpec) -> float:
    return float(spec.quality.get("score", 0.0))


def _twice(manifest: Manifest) -> Iterator[Finding]:
    """Compare what several rows say of the same file."""
    hashes: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    sizes: defaultdict[str, set[int]] = defaultdict(set)
    for spec, file in _all_files(manifest):
        if file.sha256 is None:
            continue
        if file.bytes is not None:
            sizes[file.sha256].add(file.bytes)
            if len(sizes[file.sha256]) > 1:
                said = " and ".join(str(size) for size in sorted(sizes[file.sha256]))
                yield finding(
                    spec,
                    "size_disagrees",
                    f"{file.path}: rows give one sha256 the sizes {said}",
                )
        for source in file.sources:
            if source.kind is SourceKind.CONVERT:
                continue
            hashes[source.key].add(file.sha256)
            if len(hashes[source.key]) > 1:
                yield finding(
                    spec,
                    "hash_disagrees",
                    f"{file.path}: rows give the same source two sha256",
                )


def _all_files(manifest: Manifest) -> Iterable[tuple[ModelSpec, ModelFile]]:
    return ((spec, file) for spec in manifest.models for file in spec.files)


def _programs(
    spec: ModelSpec, families: frozenset[str], libraries: frozenset[str]
) -> Iterator[Finding]:
    if spec.family not in families:
        yield finding(
            spec,
            "family_unknown",
            f"family '{spec.family}' is not in this version, which has "
            f"{', '.join(sorted(families))}",
        )
    if spec.library not in libraries:
        known = ", ".join(sorted(libraries))
        yield finding(
            spec, "library_unknown", f"library '{spec.library}' is none of {known}"
        )
    elif spec.library not in LIBRARIES_OF[spec.format]:
        yield finding(
            spec,
            "library_format",
            f"{spec.library} does not run {spec.format} files",
        )


def _terms(spec: ModelSpec) -> Iterator[Finding]:
    if (problem := license_problem(spec)) is not None:
        yield finding(spec, "license", problem)


def _memory(spec: ModelSpec) -> Iterator[Finding]:
    need, total = spec.requires.memory_bytes, spec.total_bytes
    if need is None and total is None:
        yield finding(
            spec,
            "memory_unknown",
            "neither requires.memory_bytes nor the size of every file is known",
        )
    known = sum(file.bytes or 0 for file in spec.files)
    if need is not None and need < known:
        yield finding(
            spec,
            "memory_below_weights",
            f"requires.memory_bytes {need} is less than its files' {known} bytes",
        )
    if spec.format is not ModelFormat.GGUF:
        return
    context = spec.options.get("n_ctx")
    if spec.requires.context_tokens != context:
        yield finding(
            spec,
            "context_disagrees",
            f"requires.context_tokens is {spec.requires.context_tokens}, "
            f"options.n_ctx {context}",
        )
    if spec.requires.kv_bytes_per_token == 0:
        yield finding(spec, "cache_unknown", "requires.kv_bytes_per_token is missing")


def _files(spec: ModelSpec, bundled: Path) -> Iterator[Finding]:
    unpinned = [file.path for file in spec.files if file.sha256 is None]
    if unpinned:
        yield finding(
            spec,
            "not_pinned",
            f"sha256 recorded at the first download of {', '.join(unpinned)}",
            Grade.NOTE,
        )
    for file in spec.files:
        for source in file.sources:
            if source.kind is SourceKind.BUNDLED:
                yield from _bundled(spec, file, bundled / source.location)


def _bundled(spec: ModelSpec, file: ModelFile, path: Path) -> Iterator[Finding]:
    try:
        data = path.read_bytes()
    except OSError as err:
        problem = f"{path} can't be read: {err.strerror}"
        yield finding(spec, "bundled_missing", problem)
        return
    if file.bytes not in {None, len(data)}:
        problem = f"{file.path} has {len(data)} bytes, the row says {file.bytes}"
        yield finding(spec, "bundled_size", problem)
    elif file.sha256 not in {None, hashlib.sha256(data).hexdigest()}:
        problem = f"{file.path} in the package has another sha256 than the row"
        yield finding(spec, "bundled_hash", problem)
