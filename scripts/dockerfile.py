"""Read a Dockerfile: stages with their instructions, as far as ours use them."""

from dataclasses import dataclass, field
import json
from pathlib import Path
import re
import shlex
from typing import Final

_KNOWN: Final = frozenset(
    [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "RUN",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)


class DockerfileError(Exception):
    """A Dockerfile holds what these scripts don't know."""


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """Return the words, of a JSON list or as a shell would split them."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return shlex.split(self.rest)


@dataclass(frozen=True)
class Stage:
    """A FROM and what follows."""

    name: str
    origin: str
    instructions: list[Instruction] = field(default_factory=list)

    @property
    def needs(self) -> list[str]:
        """Return the images and stages that this one is made of."""
        copied = [copy_source(i) for i in self.instructions if i.name == "COPY"]
        return [self.origin, *(name for name in copied if name)]


def read(path: Path) -> dict[str, Stage]:
    """Return the stages by name; the last one is what a plain build makes."""
    stages: dict[str, Stage] = {}
    stage = None
    for line in _lines(path.read_text(encoding="utf-8")):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            origin, _, alias = rest.partition(" AS ")
            stage = Stage(alias.strip() or str(len(stages)), origin.strip())
            stages[stage.name] = stage
        elif stage is None or name not in _KNOWN:
            raise DockerfileError(f"{path}: can't be replayed: {line[:60]}")
        else:
            stage.instructions.append(Instruction(name, rest.strip()))
    return stages


def copy_source(instruction: Instruction) -> str:
    """Return the stage that a COPY copies from; empty: the build's context."""
    found = re.match(r"--from=(\S+)", instruction.rest)
    return found[1] if found else ""


def allowed_in_context(path: Path) -> set[str] | None:
    """Return what an ignore file that begins with `*` lets in; None: everything."""
    ignore = path.with_name(f"{path.name}.dockerignore")
    if not ignore.exists():
        return None
    lines = ignore.read_text(encoding="utf-8").splitlines()
    return {line[1:] for line in lines if line.startswith("!")}


def _lines(text: str) -> list[str]:
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(kept))
    return [line.strip() for line in joined.splitlines() if line.strip()]
