"""What is a hashtag, and which two are the same."""

import pytest

from edge_runtime.store import InvalidValueError
from edge_runtime.store.hashtags import MAX_TAG, hashtags, tag_display, tag_name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A dog #sun", ["sun"]),
        ("#sun and #sunset", ["sun", "sunset"]),
        ("#Sun #sun #SUN", ["sun"]),
        (
            "#sun, #beach. (#dog) #cat! \u201e#owl\u201c",
            ["sun", "beach", "dog", "cat", "owl"],
        ),
        ("#sun-set", ["sun"]),
        ("#summer_2024 #2024trip", ["summer_2024", "2024trip"]),
        ("#1 #2024 #_ # #", []),
        ("C# and F#minor, a#b", []),
        ("see https://example.org/page#part and www.x.org/#top #real", ["real"]),
        ("path/#part &#39; ##double", []),
        ("#stra\u00dfe #STRASSE", ["strasse"]),
        ("#caf\u00e9 #cafe\u0301", ["caf\u00e9"]),
        ("#\u4eac\u90fd \uff03\u732b", ["\u4eac\u90fd", "\u732b"]),
        (
            "#\u0939\u093f\u0928\u094d\u0926\u0940",
            ["\u0939\u093f\u0928\u094d\u0926\u0940"],
        ),
        (
            "#\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
        ),
        ("#sun\u2600\ufe0f #\U0001f436 #\U0001f436dog", ["sun"]),
        ("1\ufe0f\u20e3 #\ufe0f\u20e3 5", []),
        ("\U0001f436#dog", ["dog"]),
        ("\n#first\n#second", ["first", "second"]),
        ("#" + "a" * MAX_TAG, ["a" * MAX_TAG]),
        ("#" + "a" * (MAX_TAG + 1), []),
        ("", []),
    ],
)
def test_hashtags_of_a_text(text, expected):
    assert list(hashtags(text)) == expected


def test_the_first_written_form_is_shown():
    assert hashtags("#Z\u00fcrich then #Z\u00dcRICH") == {"z\u00fcrich": "Z\u00fcrich"}


def test_a_tag_that_a_person_types_may_have_spaces_and_a_sign():
    assert tag_display("  #New \t York ") == "New York"
    assert tag_name("#NEW york") == "new york"


@pytest.mark.parametrize("text", ["", "  ", "#", "a\x00b", "a" * (MAX_TAG + 1)])
def test_what_can_be_no_tag_is_refused(text):
    with pytest.raises(InvalidValueError, match="1 to 100 printable"):
        tag_name(text)
