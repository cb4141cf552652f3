"""A checkpoint becomes a model: export, compare, quantize, compare again, describe.

Every stage leaves its result in the work folder under a name that it gets when it is
whole, so a conversion that was killed goes on after what is done.
"""

from collections.abc import Callable, Sequence
import hashlib
import json
from pathlib import Path
import shutil
from typing import Any, Final

from .. import __version__
from ..errors import DiskFullError
from ..manifest.converted import REPORT_NAME
from ..units import human_bytes
from .graphs import DECODER, ENCODER
from .model import Array, Checkpoint, Reference
from .parity import EXACT, INT8, LIMIT, Parity
from .quantization import quantize
from .request import FLOAT32, ConvertRequest, Step
from .rows import write_row
from .sources import find_checkpoint, license_of, open_checkpoint
from .trial import Trial

_PARTS: Final = (ENCODER, DECODER)
_ATTEMPTS: Final = 4
"""How often the worst layer is left in float32 before a conversion is refused."""
_ROOM: Final = 3
"""How many times a checkpoint's size its conversion takes at most."""


class Conversion:
    """One conversion with its work folder."""

    def __init__(self, request: ConvertRequest, tell: Callable[[Step], None]) -> None:
        self._request = request
        self._tell = tell
        self._work = Path(request.work)
        self.float32 = self._work / FLOAT32
        """The exported graphs, kept for the next run."""
        self.result = self._work / "result"
        """What is put among the models when all is done."""

    def run(self) -> dict[str, Any]:
        """Return the report; raise ConversionDriftsError rather than a bad model."""
        folder, origin = find_checkpoint(self._request, self._tell)
        self._forget_another(folder)
        self._tell(Step("read"))
        checkpoint = open_checkpoint(folder)
        self._export(checkpoint, folder)
        inputs = checkpoint.inputs(self._samples(checkpoint))
        said = self._refer(checkpoint, inputs)
        trial = Trial(checkpoint, inputs, said, self.float32)
        exact = trial.compare(self.float32, self._teller("compare float32"))
        if not exact.holds(EXACT):
            trial.refuse(self.float32, exact, EXACT)
        found, kept = exact, list[str]()
        if self._request.quantization == FLOAT32:
            for part in _PARTS:
                shutil.copyfile(self.float32 / part, self.result / part)
        else:
            found, kept = self._quantize(trial)
        report = {
            "source": origin,
            "architecture": checkpoint.architecture,
            "program": __version__,
            "quantization": self._request.quantization,
            "float32": exact.to_dict(),
            "converted": found.to_dict(),
            "kept_in_float32": kept,
        }
        return self._describe(checkpoint, folder, report)

    def _export(self, checkpoint: Checkpoint, folder: Path) -> None:
        """Write the float32 graphs, unless they are there."""
        self._tell(Step("export"))
        if self.float32.is_dir():
            return
        self._want_room(folder)
        part = self._work / f"{FLOAT32}.part"
        shutil.rmtree(part, ignore_errors=True)
        checkpoint.pair.export(part)
        part.rename(self.float32)

    def _samples(self, checkpoint: Checkpoint) -> Sequence[str]:
        texts = checkpoint.pair.input_name == "input_ids"
        return self._request.sentences if texts else self._request.samples

    def _refer(
        self, checkpoint: Checkpoint, inputs: Sequence[Array]
    ) -> list[Reference]:
        """Return what PyTorch says; kept, because it takes longest."""
        path = self._work / "said.json"
        key = hashlib.sha256(b"".join(array.tobytes() for array in inputs)).hexdigest()
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if known.get("key") != key:
            said = []
            for index, given in enumerate(inputs):
                self._tell(Step("ask PyTorch", index, len(inputs)))
                found = checkpoint.refer(given, LIMIT)
                said.append([found.tokens, found.logprobs])
            known = {"key": key, "said": said}
            part = path.with_suffix(".part")
            part.write_text(json.dumps(known), encoding="utf-8")
            part.rename(path)
        return [Reference(tuple(t), tuple(p)) for t, p in known["said"]]

    def _quantize(self, trial: Trial) -> tuple[Parity, list[str]]:
        """Return the parity in int8, and the layers that had to stay in float32."""
        is_photo = trial.checkpoint.pair.input_name == "pixel_values"
        kept: list[str] = []
        while True:
            self._tell(Step("quantize", len(kept), _ATTEMPTS))
            for part in _PARTS:
                source, target = self.float32 / part, self.result / part
                inputs = trial.inputs if is_photo and part == ENCODER else ()
                quantize(source, target, inputs=inputs, keep=kept)
            found = trial.compare(self.result, self._teller("compare int8"))
            if found.holds(INT8):
                return found, kept
            worst = trial.worst(self.result, INT8)
            if worst is None or worst.scope in kept or len(kept) == _ATTEMPTS:
                trial.refuse(self.result, found, INT8)
            else:
                kept.append(worst.scope)

    def _describe(
        self, checkpoint: Checkpoint, folder: Path, report: dict[str, Any]
    ) -> dict[str, Any]:
        """Write row and report beside the graphs."""
        files = {"encoder": ENCODER, "decoder": DECODER}
        files |= checkpoint.write_words(self.result)
        terms = license_of(folder, self._request.license)
        write_row(self.result, self._request, checkpoint.row, files, report, terms)
        text = json.dumps(report, indent=1) + "\n"
        (self.result / REPORT_NAME).write_text(text, encoding="utf-8")
        return report | {"folder": str(self.result)}

    def _teller(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, total: self._tell(Step(stage, done, total))

    def _want_room(self, folder: Path) -> None:
        """Raise DiskFullError before the disk is full."""
        size = sum(path.stat().st_size for path in folder.glob("*") if path.is_file())
        free = shutil.disk_usage(self._work).free
        if free < _ROOM * size:
            wanted, there = human_bytes(_ROOM * size), human_bytes(free)
            raise DiskFullError(
                f"{self._work}: the conversion takes up to {wanted}, and {there} are "
                "free; make room and run the same command again"
            )

    def _forget_another(self, folder: Path) -> None:
        """Begin anew if the work folder holds another checkpoint's results."""
        self._work.mkdir(parents=True, exist_ok=True)
        files = sorted(path for path in folder.iterdir() if path.is_file())
        facts = [__version__, str(folder)]
        stats = [(path.name, path.stat()) for path in files]
        facts += [f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats]
        path, text = self._work / "source.json", json.dumps(facts)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            shutil.rmtree(self.float32, ignore_errors=True)
            (self._work / "said.json").unlink(missing_ok=True)
            path.write_text(text, encoding="utf-8")
        shutil.rmtree(self.result, ignore_errors=True)
        self.result.mkdir()
