"""`ModelStore`: which models are here, and how they come, are checked and go.

Looking (`state`, `paths`, `plan`) reads sizes and records only. The network code is
imported when a file has to be fetched, so that captioning never pays for it.
"""

from collections.abc import Iterable, Mapping
from functools import partial
import os
from pathlib import Path

from ..config import Settings
from ..errors import ModelNotInstalledError
from ..manifest.model import ModelSpec
from .clean import prune_models, remove_model, verify_model
from .licenses import license_pending, record_acceptance, require_license
from .locate import places_of, plan_files, room_to_install, state_of, usable_paths
from .lock import model_lock
from .records import (
    DownloadPlan,
    FileAction,
    ModelState,
    Patience,
    Problem,
    ProgressCallback,
    PruneReport,
    WaitCallback,
)
from .threads import in_thread


class ModelStore:
    """The models on this machine, one folder each below the home."""

    def __init__(
        self,
        settings: Settings,
        *,
        bundled_folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Look at the settings' home; nothing is created before a download."""
        self._settings = settings
        self._places = places_of(settings, bundled_folder)
        self._environ = os.environ if environ is None else environ
        self._patience = patience or Patience()

    def state(self, spec: ModelSpec) -> ModelState:
        """Return how much of a model is here, without hashing anything."""
        return state_of(self._places, spec)

    def paths(self, spec: ModelSpec) -> dict[str, Path]:
        """Return the files of a usable model by role, or by path where none is given.

        Raises ModelNotInstalledError if a file is missing or was never checked.
        """
        found = usable_paths(self._places, spec)
        lacking = [path for path, place in found.items() if place is None]
        if lacking or not found:
            count = f"{len(lacking)} of {len(found)} files missing"
            first = f", the first is {lacking[0]}" if lacking else ""
            raise ModelNotInstalledError(
                f"model '{spec.id}' is not installed ({count}{first}); "
                f"get it with: edge-captions download {spec.id}"
            )
        paths: dict[str, Path] = {}
        for file in spec.files:
            key = file.role or file.path
            place = found[file.path]
            if place is not None:
                paths[file.path if key in paths else key] = place
        return paths

    def plan(self, spec: ModelSpec) -> DownloadPlan:
        """Return what `ensure` would do, and from where; nothing is touched."""
        files = plan_files(self._places, spec)
        fetched = [file for file in files if file.action is FileAction.FETCH]
        sizes = [file.fetch_bytes for file in fetched]
        return DownloadPlan(
            model_id=spec.id,
            state=self.state(spec),
            files=files,
            fetch_bytes=sum(size for size in sizes if size is not None),
            sizes_known=None not in sizes,
            license_pending=license_pending(self._settings, spec),
        )

    def room_needed(self, spec: ModelSpec) -> int:
        """Return the bytes of disk that `ensure` would take at most; 0 if it's here."""
        return room_to_install(self._places, spec)

    async def ensure(
        self,
        spec: ModelSpec,
        progress: ProgressCallback | None = None,
        *,
        force: bool = False,
        wait: bool = True,
        on_wait: WaitCallback | None = None,
    ) -> dict[str, Path]:
        """Bring what is missing and return the paths; a cancelled task can go on later.

        `force` asks servers again that failed a moment ago. If another process works
        on the model, `on_wait` is told its pid, or without `wait` ModelLockedError is
        raised. Raises LicenseNotAcceptedError, or DownloadError naming every source.
        """
        await in_thread(partial(require_license, self._settings, spec))
        state = await in_thread(partial(self.state, spec))
        if not state.is_usable:
            # aiohttp costs a tenth of a second and 15 MB: only a download pays
            from .installer import Installation  # noqa: PLC0415

            installation = Installation(
                self._settings,
                self._places,
                self._environ,
                progress,
                force,
                self._patience,
            )
            folder = self._places.folder(spec)
            async with model_lock(folder, wait=wait, on_wait=on_wait):
                await installation.install(spec)
        return await in_thread(partial(self.paths, spec))

    def verify(self, spec: ModelSpec) -> list[Problem]:
        """Hash every file, bundled ones too, and return what is wrong.

        A damaged file is fetched again by the next `ensure`. Blocks for seconds.
        """
        return verify_model(self._places, spec)

    def remove(self, spec: ModelSpec) -> int:
        """Remove what was downloaded of a model; return the bytes that came free.

        Raises ModelLockedError while another process works on it.
        """
        return remove_model(self._places, spec)

    def prune(
        self,
        known: Iterable[ModelSpec],
        keep: Iterable[str] = (),
        *,
        dry_run: bool = False,
    ) -> PruneReport:
        """Remove models that no row of `known` describes, but for the ids in `keep`.

        Of known models, files and unfinished parts go that their row no longer names.
        With `dry_run` the report says what would go, and nothing does.
        """
        return prune_models(self._places, known, keep, dry_run=dry_run)

    def license_pending(self, spec: ModelSpec) -> bool:
        """Return whether the model's licence has to be accepted before a download."""
        return license_pending(self._settings, spec)

    def accept_license(self, spec: ModelSpec) -> None:
        """Record that a person accepted the model's licence, with the date."""
        record_acceptance(self._settings, spec)
