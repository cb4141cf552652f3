"""`/api/v1/selection`: which model answers for each task, and a person's choice."""

from typing import Any, Final

from ..errors import ModelError, ModelUnknownError
from ..schemas import Task
from ..selection import Selection, to_dict
from ..service import ModelDoesNotFitError
from .fields import Boolean, Choice, ListOf, MapOf, Text, answer, obj
from .routing import API, Call, Reply, RouteTable

ROUTES: Final = RouteTable("selection")
SELECTION: Final = answer(
    hardware_notes=ListOf(item=Text()), tasks=ListOf(item=MapOf())
)


@ROUTES.get(
    f"{API}/selection",
    summary="Return which model answers for each task, and why not the others",
    answer=SELECTION,
)
async def get_selection(call: Call) -> Reply:
    """Return the decision with its reasons."""
    return _to_dict(await call.service.selection())


@ROUTES.put(
    f"{API}/selection",
    summary="Choose a model for a task; `auto` leaves it to us, `none` switches it off",
    body=obj(
        task=Choice.of(*Task),
        model=Text(min_length=1, max_length=200),
        confirm=Boolean(
            required=False,
            default=False,
            description="take a model that does not fit this machine",
        ),
    ),
    answer=SELECTION,
    errors=(ModelUnknownError, ModelDoesNotFitError, ModelError),
)
async def put_selection(call: Call) -> Reply:
    """Keep the choice and return what follows from it."""
    selection = await call.service.models.pin(
        Task(call.body["task"]), call.body["model"], confirm=call.body["confirm"]
    )
    return _to_dict(selection)


def _to_dict(selection: Selection) -> dict[str, Any]:
    return to_dict(selection)
