"""The person's own templates, and the data files of languages."""

import shutil

import pytest

from edge_runtime.errors import TemplateError
from edge_runtime.facts import Fact, FactKind, FactSource
from edge_runtime.pipeline.composing import (
    Composer,
    Draft,
    LanguageFileError,
    Languages,
    parse_custom,
)
from edge_runtime.pipeline.composing.language import FOLDER, read_language
from edge_runtime.schemas import Style

LISBON = Fact(FactKind.PLACE, "Lisbon", FactSource.GPS)
DAY = Fact(FactKind.DATE, "2023-07-04T12:00:00", FactSource.EXIF)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{caption}", "A dog on the grass"),
        ("{caption}[ ({place})]", "A dog on the grass (Lisbon)"),
        ("{caption}[ with {people}].", "A dog on the grass."),
        ("{caption} {where} {when}", "A dog on the grass in Lisbon on 4 July 2023"),
        ("{date} {year}: {hashtags}", "2023-07-04 2023: #Lisbon #dog #grass"),
        ("{{{place}}} [[{album}]]", "{Lisbon} []"),
        ("[{album}: ]{caption}", "A dog on the grass"),
    ],
)
def test_a_template_of_the_persons_own(template, text):
    draft = Draft("A dog on the grass.", "en", (LISBON, DAY), Style.CUSTOM, template)
    made = Composer().compose(draft)
    assert made.text == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{captoin}", r"'\{captoin\}', which is unknown; did you mean 'caption'\?"),
        ("{caption", r"a '\{' too many"),
        ("caption}", r"a '\}' too many"),
        ("[{place}", r"a '\[' without its '\]'"),
        ("[[x] {caption} [y [z]]", r"too many"),
        ("{}", "unknown"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_a_template_that_is_wrong_says_where(template, problem):
    with pytest.raises(TemplateError, match=problem):
        parse_custom(template)


def test_every_shipped_language_is_read_and_complete():
    languages = Languages()
    assert {"en", "de"} <= set(languages.codes())
    for code in languages.codes():
        data = languages.get(code)
        assert data.language == code
        assert data.date.occasions
        for person in ("place", "people", "album"):
            assert person in {*data.extras, "place"}
    assert languages.get("de-AT") is languages.get("de")
    assert languages.get("xx") is None
    assert languages.get("../en") is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('people: "With {people}."', 'people: "With them."', "must hold '{people}'"),
        ('people: "With {people}."', 'people: "{persons}"', "unknown; known: people"),
        ("months: [January, ", "months: [", "must be 12 names, not 11"),
        ("day: 12-24", "day: christmas", "needs a day such as 12-24"),
        ("where: anywhere", "where: somewhere", "must be anywhere or start"),
        ('aside_after: "[.!?;:] "', 'aside_after: "["', "is no regular expression"),
        ("sentence:", "sentense:", "unknown key 'sentense'; did you mean 'sentence'"),
    ],
)
def test_a_wrong_language_file_names_its_line(tmp_path, old, new, problem):
    path = tmp_path / "en.yaml"
    shutil.copy(FOLDER / "en.yaml", path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LanguageFileError) as caught:
        read_language(path)
    assert problem in caught.value.message
    assert f"{path}:" in caught.value.message


def test_a_contributed_language_works_by_its_file_alone(tmp_path):
    text = (FOLDER / "en.yaml").read_text(encoding="utf-8")
    text = text.replace("language: en", "language: nl")
    text = text.replace('in: "in {place}"', 'in: "te {place}"')
    (tmp_path / "nl.yaml").write_text(text, encoding="utf-8")
    composer = Composer(Languages(tmp_path))
    made = composer.compose(Draft("Een hond.", "nl-BE", (LISBON,)))
    assert made.text == "Een hond te Lisbon."
