"""What a field reads is what its schema allows, and the other way round."""

from contextlib import suppress

from jsonschema import Draft202012Validator
import pytest

from edge_runtime.api.errors import RequestError
from edge_runtime.api.fields import (
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

FIELDS = {
    "any": Field(),
    "text": Text(min_length=1, max_length=5),
    "pattern": Text(pattern="[a-z]+"),
    "language": language(),
    "ulid": ulid(),
    "number": Number(minimum=0, maximum=10),
    "integer": Integer(minimum=-3, maximum=3),
    "null": Integer(nullable=True),
    "boolean": Boolean(),
    "choice": Choice.of("a", "b"),
    "null choice": Choice.of("a", "b", nullable=True),
    "list": ListOf(item=Integer(minimum=0), max_items=2),
    "map": MapOf(item=Text(max_length=3)),
    "object": obj(a=Integer(), b=Text(required=False, default="x")),
    "open": answer(a=Integer()),
}
VALUES = [
    *(None, True, False, 0, 1, -4, 2.0, 2.5, 11, 10**20, "", "a", "b", "abc", "a1"),
    *("toolong", "pt-BR", "Zz", "01J0000000000000000000000Z", [], [1], [1, 2, 3]),
    *([-1], ["a"], {}, {"a": 1}, {"a": 1, "b": "y"}, {"a": "1"}, {"a": 1, "c": 2}),
    *({"a": "long"}, {"b": "y"}),
]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_reads_exactly_what_its_schema_allows(name):
    field = FIELDS[name]
    schema = Draft202012Validator(field.schema())
    Draft202012Validator.check_schema(field.schema())
    read, allowed = [], []
    for value in VALUES:
        if schema.is_valid(value):
            allowed.append(value)
        with suppress(RequestError):
            field.read(value, "body")
            read.append(value)
    assert read == allowed
    assert read
    assert name == "any" or len(read) < len(VALUES)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Text(), "x y", "x y"),
        (Integer(), "-12", -12),
        (Number(), "1.5", 1.5),
        (Boolean(), "True", True),
        (Boolean(), "0", False),
        (ListOf(item=Integer()), "1, 2,3", [1, 2, 3]),
        (Choice.of("a"), "a", "a"),
        (Timestamp(), "1970-01-01T00:00:01Z", 1000),
        (Timestamp(), "1970-01-01T01:00:01.5+01:00", 1500),
    ],
)
def test_texts_of_queries_mean_values(field, text, value):
    assert field.read_text(text, "query") == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (Integer(), "1.5"),
        (Integer(), "1e3"),
        (Integer(), "\N{ARABIC-INDIC DIGIT ONE}"),
        (Integer(maximum=5), "6"),
        (Number(), "nan"),
        (Number(), "inf"),
        (Boolean(), "maybe"),
        (ListOf(item=Integer()), "1,x"),
        (Text(), "a\0b"),
        (Text(), "\ud800"),
        (Timestamp(), "2026-11-23T09:30:00"),
        (Timestamp(), "yesterday"),
        (Timestamp(), "9999-12-31T23:59:59-23:59"),
    ],
)
def test_texts_that_mean_nothing_are_refused(field, text):
    with pytest.raises(RequestError, match="query"):
        field.read_text(text, "query")


def test_absent_keys_read_as_their_default_and_unknown_ones_are_named():
    body = obj(a=Integer(), b=Text(required=False, default="x"), c=Text(required=False))
    assert body.read({"a": 1}, "body") == {"a": 1, "b": "x", "c": None}
    with pytest.raises(RequestError, match=r"body\.a: is missing"):
        body.read({}, "body")
    with pytest.raises(RequestError, match='unknown key "d"; known: a, b, c'):
        body.read({"a": 1, "d": 2}, "body")
    with pytest.raises(RequestError, match=r"body.l\[1\].a: must be a whole number"):
        obj(l=ListOf(item=body)).read({"l": [{"a": 1}, {"a": 1.5}]}, "body")


def test_a_form_is_read_by_the_same_fields():
    fields = Object(fields={"a": Integer(), "b": Boolean(required=False)})
    read = fields.read_texts({"a": "1", "b": "yes", "other": "x"}, "form")
    assert read == {"a": 1, "b": True}
