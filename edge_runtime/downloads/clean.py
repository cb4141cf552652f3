"""Check what is installed, and remove what no manifest row names any more."""

from collections.abc import Iterable
import logging
from pathlib import Path

from ..const import RECORD_NAME
from ..errors import DownloadError, ModelLockedError
from ..manifest.converted import REPORT_NAME, ROW_NAME
from ..manifest.model import ModelFile, ModelSpec
from .files import (
    WORK_NAME,
    disk_errors,
    remove_tree,
    sha256_of,
    size_of,
    sync_folder,
    tree_bytes,
    unfinished_names,
)
from .installed import (
    InstalledFile,
    expected_sha256,
    read_records,
    unchecked,
    write_record,
)
from .locate import Places
from .lock import LOCK_NAME, model_lock_now
from .records import Problem, PruneReport

_LOGGER = logging.getLogger(__name__)


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
            _distrust(folder, file.path, record)
    return problems


def _distrust(folder: Path, path: str, record: InstalledFile) -> None:
    """Write down that a file is damaged, unless somebody is mending it."""
    try:
        with model_lock_now(folder), disk_errors(folder):
            if read_records(folder).get(path) == record:
                write_record(folder, path, unchecked(record))
    except DownloadError as err:
        _LOGGER.info("%s stays recorded as installed (%s)", folder / path, err)


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
    with disk_errors(folder):
        return _remove_folder(folder) if folder.is_dir() else 0


def _remove_folder(folder: Path) -> int:
    with model_lock_now(folder):
        freed = remove_tree(folder)
    sync_folder(folder.parent)
    return freed


def prune_models(
    places: Places,
    known: Iterable[ModelSpec],
    keep: Iterable[str],
    *,
    dry_run: bool = False,
) -> PruneReport:
    """Remove models that no row knows, and files that their row no longer names."""
    rows = {spec.id: spec for spec in known}
    kept = frozenset(keep)
    removed: list[str] = []
    busy: list[str] = []
    freed = 0
    with disk_errors(places.models_home):
        for folder in _model_folders(places.models_home):
            if folder.name in kept:
                continue
            try:
                with model_lock_now(folder):
                    paths = _unneeded(places, rows.get(folder.name), folder)
                    freed += sum(map(_bytes_of, paths))
                    if not dry_run:
                        _remove(paths)
            except ModelLockedError:
                busy.append(folder.name)
            else:
                removed += [str(p.relative_to(places.models_home)) for p in paths]
    return PruneReport(tuple(removed), freed, tuple(busy))


def _bytes_of(path: Path) -> int:
    if path.is_symlink():
        return 0
    return tree_bytes(path) if path.is_dir() else size_of(path) or 0


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            path.unlink(missing_ok=True)
        sync_folder(path.parent)


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


def _unneeded(places: Places, spec: ModelSpec | None, folder: Path) -> list[Path]:
    if spec is None:
        return [folder]
    finals = {places.final(spec, file) for file in spec.files}
    records = read_records(folder)
    mine = {folder / RECORD_NAME, folder / LOCK_NAME, *finals}
    mine |= {folder / ROW_NAME, folder / REPORT_NAME}
    for final in finals:
        if str(final.relative_to(folder)) not in records:
            mine |= {*unfinished_names(final), *(folder / WORK_NAME).rglob("*")}
    return sorted(
        path
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink()) and path not in mine
    )
