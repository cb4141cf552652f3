"""How records look to clients: one description and one function for each."""

from collections.abc import Mapping
from typing import Any, Final

from ..facts import FactKind, FactSource, PlaceScope, TextPath
from ..schemas import Style, Verdict
from ..service import Answer, Origin, Phase
from ..store import (
    Caption,
    CaptionOrigin,
    Job,
    JobState,
    Photo,
    PhotoDetails,
    PhotoFile,
    Rating,
    Share,
    ShareTarget,
    Suggestion,
    SuggestionState,
    Tag,
    to_rfc3339,
)
from .fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    ListOf,
    MapOf,
    Number,
    Object,
    Text,
    Timestamp,
    answer,
    language,
    obj,
    ulid,
)
from .pagination import MAX_LIMIT

WORDS: Final = 20_000
"""Most characters of a caption."""
VERDICT: Final = Choice.of(*Verdict)
_DOUBTED: Final = ListOf(item=Text())

FACT: Final = obj(
    kind=Choice.of(*FactKind),
    value=Text(),
    source=Choice.of(*FactSource),
    language=Text(required=False),
    scope=Choice.of(*PlaceScope, required=False),
    within=ListOf(item=Text(), required=False),
    is_near=Boolean(required=False),
)
LOOKED_FOR: Final = answer(
    thing=Text(),
    present=Boolean(nullable=True, description="null: not sure, see the reason"),
    score=Number(nullable=True, description="the scorer's probability of it"),
    reason=Text(description="why present is null"),
)
CAPTION: Final = answer(
    id=ulid(),
    caption=Text(max_length=WORDS),
    raw_caption=Text(max_length=WORDS),
    language=language(),
    model=Text(nullable=True),
    verdict=VERDICT,
    doubted=_DOUBTED,
    image_text_score=Number(nullable=True),
    scorer=Text(nullable=True),
    seconds=Number(minimum=0),
    stages=MapOf(item=Number()),
    notes=ListOf(item=Text()),
    style=Choice.of(*Style),
    facts=ListOf(item=FACT),
    text_path=Choice.of(*TextPath),
    text_reason=Text(),
    title=Text(),
    hashtags=ListOf(item=Text()),
    looked_for=ListOf(item=LOOKED_FOR),
    origin=Choice.of(*Origin),
    phase=Choice.of(*Phase),
    photo_id=ulid(nullable=True),
    duplicate_of=ulid(nullable=True),
    job_id=ulid(nullable=True),
    picture_hash=Text(),
    created_at=Timestamp(),
)
WRITTEN: Final = answer(
    photo_id=ulid(),
    language=language(),
    text=Text(max_length=WORDS),
    origin=Choice.of(*CaptionOrigin),
    suggestion_id=ulid(nullable=True),
    created_at=Timestamp(),
)
SUGGESTION: Final = answer(
    id=ulid(),
    photo_id=ulid(),
    language=language(),
    text=Text(max_length=WORDS),
    raw_text=Text(max_length=WORDS),
    state=Choice.of(*SuggestionState),
    verdict=VERDICT,
    doubted=_DOUBTED,
    score=Number(nullable=True),
    provenance=MapOf(),
    stale=Boolean(),
    created_at=Timestamp(),
    decided_at=Timestamp(nullable=True),
)
PHOTO: Final = answer(
    id=ulid(),
    source_id=ulid(),
    width=Integer(minimum=0),
    height=Integer(minimum=0),
    taken_at=Timestamp(nullable=True),
    added_at=Timestamp(),
    camera=Text(nullable=True),
    latitude=Number(nullable=True),
    longitude=Number(nullable=True),
    place=MapOf(nullable=True),
    people=ListOf(item=Text()),
    has_caption=Boolean(),
    pending=Boolean(),
    verdict=Choice.of(*Verdict, nullable=True),
)
FILE: Final = answer(
    source_id=ulid(), path=Text(max_length=5000), size=Integer(), state=Text()
)
DETAILS: Final = answer(
    **PHOTO.fields,
    files=ListOf(item=FILE),
    captions=ListOf(item=WRITTEN),
    suggestions=ListOf(item=SUGGESTION),
    tags=ListOf(item=Text()),
)
TAG: Final = answer(name=Text(), display=Text(), photos=Integer(minimum=0))
RATING: Final = answer(
    photo_id=ulid(),
    stars=Integer(minimum=1, maximum=5),
    rater=Text(),
    suggestion_id=ulid(nullable=True),
    rated_at=Timestamp(),
)
JOB: Final = answer(
    id=ulid(),
    kind=Text(),
    resource=Text(),
    state=Choice.of(*JobState),
    progress=Number(),
    total=Number(nullable=True),
    stage=Text(),
    waits_for=Text(description="why it rests now: heat, or other programs"),
    started_by=Text(),
    result=MapOf(nullable=True),
    error=MapOf(nullable=True),
    queued_at=Timestamp(),
    started_at=Timestamp(nullable=True),
    finished_at=Timestamp(nullable=True),
)
SHARE: Final = answer(
    id=ulid(),
    name=Text(),
    target=Choice.of(*ShareTarget),
    target_id=Text(),
    captions=Boolean(),
    created_at=Timestamp(),
    expires_at=Timestamp(nullable=True),
    revoked_at=Timestamp(nullable=True),
)


def page_shape(item: Field) -> Object:
    """Return the description of a page whose cursor the store made."""
    return answer(
        items=ListOf(item=item, max_items=MAX_LIMIT), next_cursor=Text(nullable=True)
    )


def caption_dict(found: Answer) -> dict[str, Any]:
    """Return a caption as clients see it."""
    return {**found.to_dict(), "created_at": to_rfc3339(found.created_at)}


def written_dict(caption: Caption) -> dict[str, Any]:
    """Return a photo's own caption as clients see it."""
    return {
        "photo_id": caption.photo_id,
        "language": caption.language,
        "text": caption.text,
        "origin": caption.origin.value,
        "suggestion_id": caption.suggestion_id,
        "created_at": to_rfc3339(caption.created_at),
    }


def suggestion_dict(suggestion: Suggestion) -> dict[str, Any]:
    """Return a suggestion as clients see it."""
    return {
        "id": suggestion.id,
        "photo_id": suggestion.photo_id,
        "language": suggestion.language,
        "text": suggestion.text,
        "raw_text": suggestion.raw_text,
        "state": suggestion.state.value,
        "verdict": suggestion.verdict.value,
        "doubted": list(suggestion.doubted),
        "score": suggestion.score,
        "provenance": dict(suggestion.provenance),
        "stale": suggestion.stale,
        "created_at": to_rfc3339(suggestion.created_at),
        "decided_at": moment(suggestion.decided_at),
    }


def photo_dict(photo: Photo) -> dict[str, Any]:
    """Return a photo as clients see it."""
    return {
        "id": photo.id,
        "source_id": photo.source_id,
        "width": photo.width,
        "height": photo.height,
        "taken_at": moment(photo.taken_at),
        "added_at": to_rfc3339(photo.added_at),
        "camera": photo.camera,
        "latitude": photo.latitude,
        "longitude": photo.longitude,
        "place": None if photo.place is None else dict(photo.place),
        "people": list(photo.people),
        "has_caption": photo.has_caption,
        "pending": photo.is_pending,
        "verdict": None if photo.verdict is None else photo.verdict.value,
    }


def details_dict(details: PhotoDetails) -> dict[str, Any]:
    """Return everything about a photo as clients see it."""
    return {
        **photo_dict(details.photo),
        "files": [_file_dict(file) for file in details.files],
        "captions": [written_dict(caption) for caption in details.captions],
        "suggestions": [suggestion_dict(one) for one in details.suggestions],
        "tags": list(details.tags),
    }


def tag_dict(tag: Tag) -> dict[str, Any]:
    """Return a tag as clients see it."""
    return {"name": tag.name, "display": tag.display, "photos": tag.photos}


def rating_dict(rating: Rating) -> dict[str, Any]:
    """Return a rating as clients see it."""
    return {
        "photo_id": rating.photo_id,
        "stars": rating.stars,
        "rater": rating.rater,
        "suggestion_id": rating.suggestion_id,
        "rated_at": to_rfc3339(rating.rated_at),
    }


def job_dict(job: Job) -> dict[str, Any]:
    """Return a job as clients see it: what it works on stays inside."""
    return {
        "id": job.id,
        "kind": job.kind,
        "resource": job.resource,
        "state": job.state.value,
        "progress": job.progress,
        "total": job.total,
        "stage": job.stage,
        "waits_for": job.waits_for,
        "started_by": job.started_by,
        "result": _plain(job.result),
        "error": _plain(job.error),
        "queued_at": to_rfc3339(job.queued_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
    }


def share_dict(share: Share) -> dict[str, Any]:
    """Return a share as its owner sees it."""
    return {
        "id": share.id,
        "name": share.name,
        "target": share.target.value,
        "target_id": share.target_id,
        "captions": share.captions,
        "created_at": to_rfc3339(share.created_at),
        "expires_at": moment(share.expires_at),
        "revoked_at": moment(share.revoked_at),
    }


def moment(at: int | None) -> str | None:
    """Return a time as RFC 3339, and none as none."""
    return None if at is None else to_rfc3339(at)


def _file_dict(file: PhotoFile) -> dict[str, Any]:
    return {
        "source_id": file.source_id,
        "path": file.path,
        "size": file.size,
        "state": file.state.value,
    }


def _plain(data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if data is None else dict(data)
