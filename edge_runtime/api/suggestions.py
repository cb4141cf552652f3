"""`/api/v1/suggestions`: generated texts that wait for a person."""

from typing import Any, Final

from ..schemas import Verdict
from ..store import (
    ConflictError,
    Decision,
    InvalidValueError,
    SuggestionFilter,
    SuggestionNotFoundError,
    SuggestionState,
)
from .fields import Boolean, Choice, Object, Text, answer, language, obj, ulid
from .pagination import PAGE_QUERY
from .routing import API, Call, Reply, RouteTable
from .shapes import (
    SUGGESTION,
    WORDS,
    WRITTEN,
    page_shape,
    suggestion_dict,
    written_dict,
)

ROUTES: Final = RouteTable("suggestions")
_ONE: Final = f"{API}/suggestions/{{suggestion_id}}"
_DECISION: Final = answer(
    suggestion=SUGGESTION,
    caption=Object(fields=WRITTEN.fields, is_open=True, nullable=True),
)
_CHANGE: Final[dict[str, Any]] = {
    "path_fields": {"suggestion_id": ulid()},
    "errors": (SuggestionNotFoundError, ConflictError, InvalidValueError),
}


@ROUTES.get(
    f"{API}/suggestions",
    summary="List suggestions, the newest first",
    query={
        **PAGE_QUERY,
        "state": Choice.of(*SuggestionState, required=False),
        "language": language(required=False),
        "verdict": Choice.of(*Verdict, required=False),
        "photo_id": ulid(required=False),
        "source_id": ulid(required=False),
        "cameras": Boolean(
            required=False, default=False, description="those of camera frames, too"
        ),
    },
    answer=page_shape(SUGGESTION),
)
async def list_suggestions(call: Call) -> Reply:
    """Return a page of suggestions."""
    query = call.query
    state, verdict = query["state"], query["verdict"]
    wanted = SuggestionFilter(
        state=None if state is None else SuggestionState(state),
        language=query["language"],
        photo_id=query["photo_id"],
        source_id=query["source_id"],
        verdict=None if verdict is None else Verdict(verdict),
        with_cameras=query["cameras"],
    )
    page = await call.service.store.suggestions.page(
        wanted, limit=query["limit"], cursor=query["cursor"]
    )
    items = [suggestion_dict(suggestion) for suggestion in page.items]
    return {"items": items, "next_cursor": page.next_cursor}


@ROUTES.get(
    _ONE,
    summary="Return one suggestion",
    path_fields={"suggestion_id": ulid()},
    answer=SUGGESTION,
    errors=(SuggestionNotFoundError,),
)
async def get_suggestion(call: Call) -> Reply:
    """Return a suggestion by its id."""
    store = call.service.store
    return suggestion_dict(await store.suggestions.get(call.path["suggestion_id"]))


@ROUTES.post(
    f"{_ONE}/accept",
    summary="Make a suggestion the photo's caption",
    answer=_DECISION,
    **_CHANGE,
)
async def accept_suggestion(call: Call) -> Reply:
    """Accept it as it is."""
    return _decision(await call.service.review.accept(call.path["suggestion_id"]))


@ROUTES.post(
    f"{_ONE}/edit",
    summary="Make a suggestion the photo's caption, in words that you changed",
    body=obj(text=Text(min_length=1, max_length=WORDS)),
    answer=_DECISION,
    **_CHANGE,
)
async def edit_suggestion(call: Call) -> Reply:
    """Accept it with another text."""
    decision = await call.service.review.accept(
        call.path["suggestion_id"], call.body["text"]
    )
    return _decision(decision)


@ROUTES.post(
    f"{_ONE}/reject", summary="Put a suggestion away", answer=SUGGESTION, **_CHANGE
)
async def reject_suggestion(call: Call) -> Reply:
    """Reject it; the photo's caption stays as it is."""
    rejected = await call.service.review.reject(call.path["suggestion_id"])
    return suggestion_dict(rejected)


@ROUTES.post(
    f"{_ONE}/undo",
    summary="Take a decision back: the suggestion waits again",
    answer=_DECISION,
    **_CHANGE,
)
async def undo_suggestion(call: Call) -> Reply:
    """Return the suggestion, and the caption as it was before."""
    return _decision(await call.service.review.undo(call.path["suggestion_id"]))


def _decision(decision: Decision) -> dict[str, Any]:
    caption = decision.caption
    return {
        "suggestion": suggestion_dict(decision.suggestion),
        "caption": None if caption is None else written_dict(caption),
    }
