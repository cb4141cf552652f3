"""Check what is installed, and remove what no manifest row names any more."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import ModelLockedError
from ..manifest.model import ModelFile, ModelSpec
from .files import (
    WORK_NAME,
    remove_tree,
    sha256_of,
    size_of,
    sync_folder,
    unfinished_names,
)
from .installed import (
    RECORD_NAME,
    expected_sha256,
    read_records,
    unchecked,
    write_record,
)
from .locate import Places
from .lock import LOCK_NAME, model_lock_now
from .records import Problem, PruneReport


def verify_model(places: Places, spec: ModelSpec) -> list[Problem]:
    """Hash every file of a model; a damaged one is no longer taken for installed."""
    folder = places.folder(spec)
    records = read_records(folder)
    problems = []
    for file in spec.files:
        record = records.get(file.path)
        bundled = places.bundled_path(file)
        path = bundled or places.final(spec, file)
        expected = file.sha256 if bundled else expected_sha256(record, file)
        problem = _check(path, file, expected)
        if problem is None:
            continue
        problems.append(problem)
        if record is not None and bundled is None and path.exists():
            write_record(folder, file.path, unchecked(record))
    return problems


def _check(path: Path, file: ModelFile, expected: str | None) -> Problem | None:
    size = size_of(path)
    if size is None:
        return Problem(file.path, "missing", f"{path} is missing")
    if file.bytes not in {None, size}:
        message = f"{path} has {size} bytes, the manifest names {file.bytes}"
        return Problem(file.path, "size_mismatch", message)
    try:
        found = sha256_of(path)
    except OSError as err:
        message = f"{path} can't be read: {err.strerror}"
        return Problem(file.path, "unreadable", message)
    if expected not in {None, found}:
        message = f"{path} has sha256 {found}, expected is {expected}"
        return Problem(file.path, "hash_mismatch", message)
    return None


def remove_model(places: Places, spec: ModelSpec) -> int:
    """Remove what was downloaded of a model; return the bytes that came free.

    Raises ModelLockedError while another process works on it.
    """
    folder = places.folder(spec)
    return _remove_folder(folder) if folder.is_dir() else 0


def _remove_folder(folder: Path) -> int:
    with model_lock_now(folder):
        freed = remove_tree(folder)
    sync_folder(folder.parent)
    return freed


def prune_models(
    places: Places, known: Iterable[ModelSpec], keep: Iterable[str]
) -> PruneReport:
    """Remove models that no row knows, and files that their row no longer names."""
    rows = {spec.id: spec for spec in known}
    kept = frozenset(keep)
    removed: list[str] = []
    busy: list[str] = []
    freed = 0
    for folder in _model_folders(places.models_home):
        if folder.name in kept:
            continue
        try:
            if (spec := rows.get(folder.name)) is None:
                freed += _remove_folder(folder)
                removed.append(folder.name)
                continue
            with model_lock_now(folder):
                for path in _leftovers(places, spec, folder):
                    freed += size_of(path) or 0
                    path.unlink(missing_ok=True)
                    removed.append(str(path.relative_to(places.models_home)))
        except ModelLockedError:
            busy.append(folder.name)
    return PruneReport(tuple(removed), freed, tuple(busy))


def _model_folders(home: Path) -> list[Path]:
    """Return the folders that this program made; a person's own are left alone."""
    if not home.is_dir():
        return []
    return sorted(
        folder
        for folder in home.iterdir()
        if folder.is_dir()
        and not folder.is_symlink()
        and ((folder / LOCK_NAME).exists() or (folder / RECORD_NAME).exists())
    )


def _leftovers(places: Places, spec: ModelSpec, folder: Path) -> list[Path]:
    finals = {places.final(spec, file) for file in spec.files}
    records = read_records(folder)
    mine = {folder / RECORD_NAME, folder / LOCK_NAME, *finals}
    for final in finals:
        if str(final.relative_to(folder)) not in records:
            mine |= {*unfinished_names(final), *(folder / WORK_NAME).rglob("*")}
    return sorted(
        path
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink()) and path not in mine
    )
