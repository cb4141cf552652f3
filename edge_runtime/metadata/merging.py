"""Join new words with those that we wrote earlier."""

from dataclasses import replace

from .gathering import keywords_of
from .namespaces import Name
from .provenance import NO_LANGUAGE
from .request import CaptionToWrite
from .state import PhotoState
from .xmp import ALT_TEXT, DESCRIPTION, SUBJECT
from .xmp_block import LANGUAGE_FIELDS, LIST_FIELDS
from .xmp_values import DEFAULT_LANGUAGE


def with_earlier_words(state: PhotoState, caption: CaptionToWrite) -> CaptionToWrite:
    """Return a caption with our earlier languages and keywords beside the new ones."""
    persons = {word.casefold() for word in keywords_of(state.without_us())}
    words = [word for word in _our_keywords(state) if word.casefold() not in persons]
    return replace(
        caption,
        texts=_our_texts(state, DESCRIPTION) | dict(caption.texts),
        alt_texts=_our_texts(state, ALT_TEXT) | dict(caption.alt_texts),
        keywords=tuple(dict.fromkeys([*words, *caption.keywords])),
    )


def _our_texts(state: PhotoState, name: Name) -> dict[str, str]:
    """Return our texts by language, first the one that speaks for all."""
    found: dict[str, str] = {}
    default = ""
    for xmp, mark in state.our_packets():
        for item in (item for value in xmp.all(name) for item in value.items):
            language, text = item.language or DEFAULT_LANGUAGE, item.text.strip()
            if not mark.wrote(LANGUAGE_FIELDS[name], language, text):
                continue
            if language == DEFAULT_LANGUAGE:
                default = default or text
            else:
                found.setdefault(language, text)
    first = {language: text for language, text in found.items() if text == default}
    return first | found


def _our_keywords(state: PhotoState) -> list[str]:
    return [
        word
        for xmp, mark in state.our_packets()
        for word in xmp.words(SUBJECT)
        if mark.wrote(LIST_FIELDS[SUBJECT], NO_LANGUAGE, word)
    ]
