"""`/api/v1/studies`: which captions do people prefer? For the study's owner."""

from collections.abc import Mapping
from dataclasses import asdict
import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from ..errors import ModelNotInstalledError, ModelUnknownError, PhotoNotFoundError
from ..service import CaptionOptions, check_options
from ..service.studies import VISUAL
from ..store import (
    ConflictError,
    InvalidValueError,
    Respondent,
    RespondentNotFoundError,
    Study,
    StudyNotFoundError,
    StudyState,
    Variant,
    to_rfc3339,
)
from .captions import OPTIONS
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
from .routing import API, Call, Reply, RouteTable, json_answer

if TYPE_CHECKING:
    from ..service.study_results import StudyResults

ROUTES: Final = RouteTable("studies")
MAX_PHOTOS: Final = 100
MAX_VARIANTS: Final = 8
MAX_RESPONDENTS: Final = 200
_ID: Final[dict[str, Field]] = {"study_id": ulid()}
_NAME: Final = Text(min_length=1, max_length=100)
_STATE: Final = Choice.of(*StudyState)
_SCORE: Final = Number(nullable=True)
_VARIANT: Final = answer(
    name=Text(),
    model=Text(),
    check=Boolean(description="say less where less is seen in the photo"),
    options=MapOf(description="as in a request for a caption"),
)
_NEW_VARIANT: Final = Object(
    fields={
        "name": _NAME,
        "model": Text(min_length=1, max_length=200),
        "check": Boolean(required=False, default=True),
        "options": Object(
            fields={name: OPTIONS[name] for name in ("style", "template", "rewrite")},
            required=False,
            description="as in a request for a caption; by default what is seen alone",
        ),
    }
)
_STUDY: Final = answer(
    id=ulid(),
    name=Text(),
    language=language(),
    state=_STATE,
    variants=ListOf(item=_VARIANT),
    scorer=Text(nullable=True),
    job_id=ulid(nullable=True),
    created_at=Timestamp(),
)
_RESPONDENT: Final = answer(
    id=ulid(),
    number=Integer(minimum=1),
    name=Text(),
    rated_photos=Integer(minimum=0),
    created_at=Timestamp(),
)
_DETAILS: Final = answer(
    **_STUDY.fields,
    photo_ids=ListOf(item=ulid()),
    respondents=ListOf(item=_RESPONDENT, max_items=10_000),
)
_RESULTS: Final = answer(
    photos=Integer(minimum=0),
    respondents=Integer(minimum=0),
    ratings=Integer(minimum=0),
    variants=ListOf(
        item=answer(
            name=Text(),
            ratings=Integer(minimum=0),
            stars=ListOf(item=Integer(minimum=0)),
            mean=_SCORE,
            low=_SCORE,
            high=_SCORE,
            image_text_score=_SCORE,
            seconds=_SCORE,
        )
    ),
    pairs=ListOf(
        item=answer(
            first=Text(),
            second=Text(),
            first_wins=Integer(minimum=0),
            ties=Integer(minimum=0),
            second_wins=Integer(minimum=0),
        )
    ),
    agreement=Number(nullable=True, description="Krippendorff's alpha"),
    score_correlation=Number(nullable=True, description="Spearman's"),
    scorer=Text(nullable=True),
)
_EXPORTS: Final = {"csv": "text/csv", "jsonl": "application/jsonl"}


@ROUTES.get(
    f"{API}/study-choices",
    summary="Return what a study can be made of: suggested photos, and variants",
    answer=answer(photo_ids=ListOf(item=ulid()), variants=ListOf(item=_VARIANT)),
)
async def get_study_choices(call: Call) -> Reply:
    """Return photos from all of the library, and the variants that run here."""
    found = await call.service.studies.choices()
    variants = [_variant_dict(variant) for variant in found.variants]
    return {"photo_ids": list(found.photo_ids), "variants": variants}


@ROUTES.get(
    f"{API}/studies",
    summary="List the studies, the newest first",
    answer=answer(items=ListOf(item=_STUDY)),
)
async def list_studies(call: Call) -> Reply:
    """Return all studies."""
    found = await call.service.store.studies.list()
    return {"items": [_study_dict(study) for study in found]}


@ROUTES.post(
    f"{API}/studies",
    summary="Begin a study: its captions are made once, as a job",
    body=obj(
        name=_NAME,
        language=language(required=False),
        photo_ids=ListOf(item=ulid(), min_items=1, max_items=MAX_PHOTOS),
        variants=ListOf(item=_NEW_VARIANT, min_items=1, max_items=MAX_VARIANTS),
    ),
    answer=_STUDY,
    status=201,
    errors=(
        PhotoNotFoundError,
        InvalidValueError,
        ModelUnknownError,
        ModelNotInstalledError,
    ),
)
async def create_study(call: Call) -> Reply:
    """Create a study."""
    body = call.body
    study = await call.service.studies.create(
        body["name"],
        body["language"] or call.service.settings.language,
        body["photo_ids"],
        [_variant_of(variant) for variant in body["variants"]],
        call.caller.name,
    )
    return json_answer(_study_dict(study), 201)


@ROUTES.get(
    f"{API}/studies/{{study_id}}",
    summary="Return a study with its photos and respondents",
    path_fields=_ID,
    answer=_DETAILS,
    errors=(StudyNotFoundError,),
)
async def get_study(call: Call) -> Reply:
    """Return a study; the secrets of its links are not kept."""
    store, study_id = call.service.store, call.path["study_id"]
    study = await store.studies.get(study_id)
    respondents = await store.respondents.of_study(study_id)
    return {
        **_study_dict(study),
        "photo_ids": list(await store.studies.photo_ids(study_id)),
        "respondents": [_respondent_dict(one) for one in respondents],
    }


@ROUTES.patch(
    f"{API}/studies/{{study_id}}",
    summary="Close a study, or open it again",
    path_fields=_ID,
    body=obj(state=Choice.of(StudyState.OPEN, StudyState.CLOSED)),
    answer=_STUDY,
    errors=(StudyNotFoundError, ConflictError),
)
async def change_study(call: Call) -> Reply:
    """Let respondents rate, or not."""
    state = StudyState(call.body["state"])
    return _study_dict(
        await call.service.studies.set_state(call.path["study_id"], state)
    )


@ROUTES.delete(
    f"{API}/studies/{{study_id}}",
    summary="Remove a study with everything that was said in it",
    path_fields=_ID,
    status=204,
    errors=(StudyNotFoundError,),
)
async def delete_study(call: Call) -> Reply:
    """Remove it; the photos stay."""
    await call.service.studies.delete(call.path["study_id"])
    return None


@ROUTES.post(
    f"{API}/studies/{{study_id}}/captions",
    summary="Make the captions that an earlier job could not make",
    path_fields=_ID,
    answer=_STUDY,
    status=202,
    errors=(StudyNotFoundError, ConflictError),
)
async def make_study_captions(call: Call) -> Reply:
    """Queue the job again."""
    study = await call.service.studies.prepare(call.path["study_id"], call.caller.name)
    return json_answer(_study_dict(study), 202)


@ROUTES.post(
    f"{API}/studies/{{study_id}}/respondents",
    summary="Make links for people who are to rate; shown this once",
    path_fields=_ID,
    body=obj(
        names=ListOf(item=Text(max_length=100), min_items=1, max_items=MAX_RESPONDENTS)
    ),
    answer=answer(
        items=ListOf(item=answer(**_RESPONDENT.fields, secret=Text(), path=Text()))
    ),
    status=201,
    errors=(StudyNotFoundError,),
)
async def add_respondents(call: Call) -> Reply:
    """Add respondents; their secrets are not kept."""
    added = await call.service.store.respondents.add(
        call.path["study_id"], call.body["names"]
    )
    items = [
        {**_respondent_dict(one), "secret": secret, "path": f"r/{secret}"}
        for one, secret in added
    ]
    return json_answer({"items": items}, 201)


@ROUTES.delete(
    f"{API}/studies/{{study_id}}/respondents/{{respondent_id}}",
    summary="End a respondent's link and take back what they said",
    path_fields={**_ID, "respondent_id": ulid()},
    status=204,
    errors=(RespondentNotFoundError,),
)
async def remove_respondent(call: Call) -> Reply:
    """Remove a respondent."""
    path = call.path
    await call.service.store.respondents.remove(path["study_id"], path["respondent_id"])
    return None


@ROUTES.get(
    f"{API}/studies/{{study_id}}/results",
    summary="Return means, confidence intervals and agreement so far",
    path_fields=_ID,
    answer=_RESULTS,
    errors=(StudyNotFoundError,),
)
async def get_study_results(call: Call) -> Reply:
    """Return what the ratings say."""
    study = await call.service.store.studies.get(call.path["study_id"])
    results = await call.service.studies.results(study.id)
    return {**_results_dict(study, results), "scorer": study.scorer}


@ROUTES.get(
    f"{API}/studies/{{study_id}}/export",
    summary="Return the ratings as a table, or as preferences; without the photos",
    path_fields=_ID,
    query={"format": Choice.of(*_EXPORTS, required=False, default="csv")},
    media_type="*/*",
    errors=(StudyNotFoundError,),
)
async def export_study(call: Call) -> Reply:
    """Return a file; photos are named by the hash of their picture."""
    store = call.service.store
    study = await store.studies.get(call.path["study_id"])
    captions = await store.studies.captions(study.id)
    ratings = await store.respondents.ratings(study.id)
    hashes = {
        photo_id: (await store.photos.get(photo_id)).picture_hash
        for photo_id in {caption.photo_id for caption in captions}
    }
    kind = call.query["format"]
    from ..service import study_export  # noqa: PLC0415 - seldom asked for

    write = study_export.to_csv if kind == "csv" else study_export.to_jsonl
    name = re.sub(r"[^A-Za-z0-9]+", "-", study.name).strip("-") or "study"
    return web.Response(
        text=write(study, captions, ratings, hashes),
        content_type=_EXPORTS[kind],
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )


def _study_dict(study: Study) -> dict[str, Any]:
    return {
        "id": study.id,
        "name": study.name,
        "language": study.language,
        "state": study.state.value,
        "variants": [_variant_dict(variant) for variant in study.variants],
        "scorer": study.scorer,
        "job_id": study.job_id,
        "created_at": to_rfc3339(study.created_at),
    }


def _variant_of(asked: Mapping[str, Any]) -> Variant:
    options = asked["options"]
    if options is None:
        options = VISUAL
    else:
        options = {name: value for name, value in options.items() if value is not None}
        check_options(CaptionOptions(**options))
    return Variant(asked["name"], asked["model"], asked["check"], options)


def _variant_dict(variant: Variant) -> dict[str, Any]:
    return dict(variant.to_json())


def _respondent_dict(respondent: Respondent) -> dict[str, Any]:
    return {
        "id": respondent.id,
        "number": respondent.number,
        "name": respondent.name,
        "rated_photos": respondent.rated_photos,
        "created_at": to_rfc3339(respondent.created_at),
    }


def _results_dict(study: Study, results: "StudyResults") -> dict[str, Any]:
    found = asdict(results)
    for variant in found["variants"]:
        variant["name"] = study.variants[variant.pop("variant")].name
        variant["stars"] = list(variant["stars"])
    for pair in found["pairs"]:
        for side in ("first", "second"):
            pair[side] = study.variants[pair[side]].name
    return {key: list(v) if isinstance(v, tuple) else v for key, v in found.items()}
