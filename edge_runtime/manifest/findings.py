"""What a check of a manifest finds."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .model import ModelSpec


class Grade(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know of a manifest."""

    code: str
    model_id: str | None
    sentence: str
    grade: Grade = Grade.ERROR
    where: str | None = None
    """File and line."""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        return {
            "grade": self.grade.value,
            "code": self.code,
            "model": self.model_id,
            "where": self.where,
            "sentence": self.sentence,
        }


def finding(
    spec: ModelSpec, code: str, sentence: str, grade: Grade = Grade.ERROR
) -> Finding:
    """Return a finding about one row."""
    return Finding(code, spec.id, sentence, grade, spec.source)
