"""What a question asks of the pipeline: style, given facts, what may be found. Pure."""

from .. import pipeline
from ..config import Settings
from ..facts import Fact, FactKind, FactSource
from ..schemas import CaptionRequest, ReadText, Style
from .photo_files import Picture
from .questions import NORMAL, PLAIN, RICH, SHORT, CaptionOptions, Question


def check_options(options: CaptionOptions) -> None:
    """Raise what is wrong with a wish before any photo is looked at."""
    pipeline.given_facts(options.context)
    if options.template:
        pipeline.parse_custom(options.template)


def style_of(question: Question, settings: Settings) -> Style:
    """Return the style of an answer: the one asked for, else the source's own."""
    options = question.options
    if options.style in {"", PLAIN} and options.template:
        return Style.CUSTOM
    if options.style not in {"", PLAIN}:
        return Style(options.style)
    if options.detail != NORMAL:
        return {SHORT: Style.SHORT, RICH: Style.DETAILED}[options.detail]
    if options.style:
        return Style(options.style)
    return settings.style if question.source is None else Style.SHORT


def request_of(
    question: Question, picture: Picture, settings: Settings, *, verify: bool
) -> tuple[CaptionRequest, tuple[str, ...]]:
    """Return what the pipeline is asked, and notes on what it can't be asked."""
    options = question.options
    facts, unknown = pipeline.given_facts(options.context)
    style = style_of(question, settings)
    if style is Style.NOTIFICATION and question.source is not None:
        facts = (*facts, Fact(FactKind.CAMERA, question.source, FactSource.REQUEST))
    request = CaptionRequest(
        path=str(picture.path),
        language=options.language,
        verify=verify,
        facts=facts,
        find=settings.facts,
        root=picture.root,
        position=_position(picture),
        is_own_path=picture.is_own_file and not question.is_upload,
        style=style,
        template=options.template or settings.template or "{caption}",
        rewrite=settings.rewrite if options.rewrite is None else options.rewrite,
        read_text=ReadText(options.read_text or settings.read_text),
        look_for=options.look_for,
        question=options.question,
        schema=options.schema,
        max_tokens=options.max_tokens,
    )
    notes = [f"'{name[:40]}' is no fact that a caption can tell" for name in unknown]
    return request, tuple(notes)


def _position(picture: Picture) -> tuple[float, float] | None:
    """Return where a photo was taken of which only a thumbnail is here."""
    photo = picture.photo
    if picture.is_own_file or photo is None:
        return None
    if photo.latitude is None or photo.longitude is None:
        return None
    return photo.latitude, photo.longitude
