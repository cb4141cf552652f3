"""What a captioner can say in answer to an instruction: its caption, a sure yes, or no.

A captioner reads no instructions. It would describe the photo whatever it was asked, so
an instruction that asks for more than a description is refused, never passed over.
Nothing here knows Home Assistant.
"""

from collections.abc import Iterable
import re
from typing import Final

from .records import Caption, YesNo

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_ASKS_FOR_TEXT: Final = _set(
    "alt caption captioned captions describe description happening happens look looks",
    "see seen show shows summarise summarize summary title visible",
)
"""One of these makes an instruction a wish for a description."""
_HARMLESS: Final = _ASKS_FOR_TEXT | _set(
    "a an and are at attached attachment attachments be brief briefly by camera can",
    "concise concisely contents could create do does english following for frame from",
    "generate give here i image images in into is it its just line make me message my",
    "notification of on one only photo photograph photos picture pictures plain",
    "please provide return say scene sentence sentences short simple single snapshot",
    "tell text that the there these this to us view we what what's which with words",
    "write you your",
)
"""Words that ask for nothing but a short description in English."""
_TEXT_FIELDS: Final = _set(
    "alt alt_text caption description message scene scene_description short",
    "short_description summary text",
)
_PRESENCE: Final = (
    re.compile(
        r"^(?:tell me )?(?:is|are|whether|if)(?: there)?(?: is| are)?"
        r"(?: any| an?| the)? "
        r"(?P<thing>[a-z]+(?: [a-z]+)?)"
        r"(?: is| are)?(?: present| visible| shown| seen| there)?"
        r"(?: (?:in|on)(?: the| this)? (?:image|picture|photo|frame|view|snapshot))?$"
    ),
    re.compile(
        r"^(?:has|have|contains?|shows?|sees?|can you see|do you see|does"
        r"(?: the| this)? (?:image|picture|photo) (?:show|contain))"
        r"(?: any| an?| the)? (?P<thing>[a-z]+(?: [a-z]+)?)"
        r"(?: (?:in|on)(?: the| this)? (?:image|picture|photo|frame|view|snapshot))?$"
    ),
    re.compile(
        r"^(?P<thing>[a-z]+(?: [a-z]+)?) (?:present|visible|detected|seen|there)$"
    ),
)
_QUALITIES: Final = _set(
    "away clean closed dark dirty empty full gone here home left light locked moving",
    "off on open parked present raining running sunny there unlocked visible",
)
"""Words that make `is the door ...` a question about more than its being there."""
_NEGATIONS: Final = _set("no nobody none not nothing without")
_IRREGULAR: Final = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "geese": "goose",
}
_KINDS: Final = {
    "person": frozenset({"man", "woman", "child", "boy", "girl", "baby"}),
    "animal": frozenset({"dog", "cat", "horse", "bird", "cow", "sheep", "bear"}),
    "vehicle": frozenset({"car", "truck", "bus", "motorcycle", "van"}),
}
"""Names in a caption that say yes to a wider word."""
_NOT_REAL: Final = _set(
    "cartoon drawing fake figure hot model painting photo picture plastic poster",
    "sculpture statue stuffed teddy toy",
)
"""A word before a name, or before `of` and a name, that makes it something else."""
_AFTER_A_NAME: Final = _set(
    "a an and are at behind beside by down from has have in inside is near next of on",
    "or outside over runs sits standing stands that the through to under up walks was",
    "which while who with",
)
"""What follows a name that stands for itself: `dog food` is no dog."""
_MAX_UNKNOWN_SHOWN: Final = 3


def unfollowable(instruction: str) -> tuple[str, ...]:
    """Return the words of an instruction that ask for more than a description.

    Empty: the caption is the answer.
    """
    words = _words(instruction)
    if not words:
        return ()
    unknown = tuple(dict.fromkeys(word for word in words if word not in _HARMLESS))
    if unknown:
        return unknown[:_MAX_UNKNOWN_SHOWN]
    return () if any(word in _ASKS_FOR_TEXT for word in words) else tuple(words[:3])


def is_description_field(name: str, description: str | None) -> bool:
    """Return whether a field of a structure asks for the caption."""
    if description:
        return not unfollowable(description)
    return name.lower() in _TEXT_FIELDS


def asked_thing(name: str, description: str | None) -> str | None:
    """Return the thing whose presence a field asks for; None: it asks something else.

    `dog`, `has_dog` and `Is there a dog in the picture?` all ask for `dog`.
    """
    if description:
        return _thing(description)
    text = name.replace("_", " ").replace("-", " ")
    if re.fullmatch(r"[A-Za-z]+", name):
        return _singular(name.lower())
    return _thing(text)


def yes_or_no(caption: Caption, thing: str) -> YesNo:
    """Return what the runtime saw of a thing that it was asked to look for.

    One that can't look has only its caption: yes where a sure one names the thing;
    silence proves nothing.
    """
    if (seen := caption.looked_for.get(thing)) is not None:
        return seen
    if not caption.is_sure:
        return YesNo(None, f"the check of the caption is not sure ({caption.verdict})")
    words = _words(caption.text)
    if _NEGATIONS & set(words):
        return YesNo(None, "the caption says that something is not there")
    if any(_names(words, wanted) for wanted in _wider(thing)):
        return YesNo(value=True)
    return YesNo(
        None, f"the caption doesn't name '{thing}', which doesn't prove its absence"
    )


def _thing(text: str) -> str | None:
    plain = " ".join(re.findall(r"[a-z]+", text.lower()))
    for pattern in _PRESENCE:
        if found := pattern.match(plain):
            words = found["thing"].split()
            if _QUALITIES & set(words):
                return None
            return " ".join([*words[:-1], _singular(words[-1])])
    return None


def _names(words: list[str], thing: str) -> bool:
    wanted = thing.split()
    plain = [_singular(word) for word in words]
    return any(
        plain[start : start + len(wanted)] == wanted
        and _stands_for_itself(words, start, start + len(wanted))
        for start in range(len(plain) - len(wanted) + 1)
    )


def _stands_for_itself(words: list[str], start: int, end: int) -> bool:
    if _NOT_REAL & set(words[max(start - 3, 0) : start]):
        return False
    if end == len(words):
        return True
    return words[end] in _AFTER_A_NAME or words[end].endswith("ing")


def _wider(thing: str) -> Iterable[str]:
    yield thing
    yield from _KINDS.get(thing, ())


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
