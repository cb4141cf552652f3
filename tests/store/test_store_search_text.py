"""Words of texts and queries."""

import pytest

from edge_runtime.store.search_text import (
    Term,
    highlights,
    query_terms,
    searchable,
    words_of,
)


def marked(text: str, query: str) -> str:
    """Return a text with brackets around what a query finds in it."""
    _, spans = highlights(text, query_terms(query))
    for start, end in reversed(spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("dog", [Term(("dog",), is_prefix=True)]),
        ("dog ", [Term(("dog",), is_prefix=False)]),
        ("A Dog", [Term(("a",), is_prefix=False), Term(("dog",), is_prefix=True)]),
        ('"red sofa" ca', [Term(("red", "sofa"), False), Term(("ca",), True)]),
        ("don't ", [Term(("don", "t"), is_prefix=False)]),
        ("\u732b", [Term(("\u732b",), is_prefix=True)]),
        ("\u4eac\u90fd ", [Term(("\u4eac", "\u90fd"), is_prefix=False)]),
        ('" * ( : -', []),
        ("", []),
    ],
)
def test_terms_of_a_query(query, terms):
    assert query_terms(query) == terms


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("A dog runs.", "dog", "A [dog] runs."),
        ("Dogs and a dog", "dog", "[Dogs] and a [dog]"),
        ("Dogs and a dog", "dog ", "Dogs and a [dog]"),
        ("a red sofa, red", '"red sofa"', "a [red sofa], red"),
        ("Caf\u00e9 Z\u00dcRICH", "cafe zurich", "[Caf\u00e9] [Z\u00dcRICH]"),
        ("Cafe\u0301 again", "caf\u00e9 ", "[Cafe\u0301] again"),
        ("Stra\u00dfe", "strasse", "[Stra\u00dfe]"),
        (
            "\u4eac\u90fd\u5e02\u306e\u732b",
            "\u90fd\u5e02",
            "\u4eac[\u90fd\u5e02]\u306e\u732b",
        ),
        ("\U0001f436 dog \U0001f436", "dog", "\U0001f436 [dog] \U0001f436"),
        ("nothing here", "dog", "nothing here"),
    ],
)
def test_highlights_are_where_the_words_are(text, query, expected):
    assert marked(text, query) == expected


def test_long_queries_are_cut():
    assert len(query_terms("dog " * 1000)) == 125


def test_an_index_text_has_no_case_no_accents_and_single_characters():
    assert searchable("\u00c9t\u00e9 \u4eac\u90fd") == "ete  \u4eac  \u90fd "
    assert searchable("IMG_\udcff.jpg") == "img_?.jpg"
    assert words_of("a_b") == [("a", 0, 1), ("b", 2, 3)]
