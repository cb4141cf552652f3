"""A chat template of the model hub, which is a program: it runs in a sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import ModelBrokenError


@dataclass(frozen=True, slots=True)
class Formatted:
    """A conversation as the template writes it."""

    prompt: str


class JinjaTemplate:
    """Writes conversations, the answer's beginning included."""

    def __init__(self, path: str, source: str, marks: Mapping[str, str]) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = _now
        try:
            self._template = environment.from_string(source)
        except TemplateError as err:
            raise ModelBrokenError(
                f"{path}: its chat template can't be read ({err})"
            ) from None
        self._marks = dict(marks)
        """`bos_token` and `eos_token`, which templates name."""

    def __call__(self, *, messages: Sequence[Mapping[str, Any]]) -> Formatted:
        """Return the conversation; a template raises what it likes."""
        return Formatted(
            self._template.render(
                messages=messages, add_generation_prompt=True, **self._marks
            )
        )


def _refuse(reason: str) -> NoReturn:
    raise TemplateError(reason)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
