"""Texts that a JSON schema describes: what may follow, and what can't be held."""

import json

import jsonschema
import numpy as np
import pytest

from edge_runtime.errors import ModelUnusableError
from edge_runtime.families.json_rules import follower_of

TREE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}},
    "required": ["name"],
}
SCHEMAS = [
    {"properties": {"open": {"type": "boolean"}}, "required": ["open"]},
    {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 0, "maximum": 20},
            "sure": {"type": "number", "minimum": 0, "maximum": 1},
            "kind": {"enum": ["dog", "cat", None, "K\u00e4fer"]},
            "words": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        },
        "required": ["count", "sure"],
        "additionalProperties": False,
    },
    {"type": "array", "items": {"type": "integer"}, "minItems": 2},
    {"type": "array", "items": {"type": "number", "minimum": 1}, "minItems": 1},
    {"type": ["string", "null"], "minLength": 2, "maxLength": 5},
    {"anyOf": [{"const": 7}, {"type": "object", "required": ["x"]}]},
    {"$ref": "#/$defs/kind", "$defs": {"kind": {"type": "number", "maximum": 3}}},
    {"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}},
    {"type": "object", "additionalProperties": False},
    {"type": "object"},
    {"minimum": 3},
    {"items": {"type": "boolean"}},
    TREE,
    {},
]


def written(schema, seed, most=400):
    """Return a text made of random letters that may follow, and whether it ended."""
    random = np.random.default_rng(seed)
    follower, text = follower_of(schema), ""
    while len(text) < most and not follower.must_end:
        if follower.is_complete and random.random() < 0.5:
            return text, True
        able = [letter for letter in map(chr, range(127)) if follower.allows(letter)]
        # those that close something, so that it comes to an end
        closing = [letter for letter in able if letter in '"}]']
        wants = closing and random.random() < 0.5
        letter = str(random.choice(closing if wants else able))
        follower.take(letter)
        text += letter
    return text, follower.is_complete


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_whatever_is_written_by_the_rules_is_valid(schema):
    ended = 0
    for seed in range(12):
        text, done = written(schema, seed)
        if done:
            ended += 1
            jsonschema.validate(json.loads(text), schema)
    assert ended >= 6


def takes(schema, text):
    follower = follower_of(schema)
    for letter in text:
        if not follower.allows(letter):
            return False
        follower.take(letter)
    return follower.is_complete


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (0, '{"open": true}'),
        (0, '{"open":false}'),
        (1, '{"count": 3, "sure": 0.95, "kind": "dog", "words": ["a b", "c"]}'),
        (1, '{"count": 20, "sure": 1, "kind": "K\u00e4fer"}'),
        (1, '{"count": 0, "sure": 0, "kind": "K\\u00e4fer", "words": []}'),
        (2, "[1, -20,300]"),
        (4, '"\u4e00\\n"'),
        (4, "null"),
        (7, "{}"),
        (7, '{"b": null}'),
        (12, '{"name": "a", "child": {"name": "b \\"c\\""}}'),
        (9, '{"a": [1.5, {"b": null}], "c": "d"}'),
    ],
)
def test_usual_answers_can_be_written(index, text):
    assert takes(SCHEMAS[index], text)
    jsonschema.validate(json.loads(text), SCHEMAS[index])


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (0, '{"open": 1}'),
        (0, "{}"),
        (0, ' {"open": true}'),
        (1, '{"count": 21, "sure": 1}'),
        (1, '{"count": 2, "sure": 1.5}'),
        (1, '{"count": 2}'),
        (1, '{"count": 2, "sure": 1, "other": 1}'),
        (2, "[1]"),
        (2, "[1, 01]"),
        (4, '"a"'),
        (4, '"abcdef"'),
        (7, '{,"b": null}'),
        (8, '{"a": 1}'),
        (9, '{"a": "b\nc"}'),
    ],
)
def test_what_is_not_valid_can_not_be_written(index, text):
    assert not takes(SCHEMAS[index], text)


def test_half_a_letter_may_stand_only_where_letters_do():
    follower = follower_of({"type": "string"})
    assert not follower.allows("", half=True)
    assert follower.allows('"', half=True)
    assert not follower.allows('"a"', half=True)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "pattern": "a+"}, "'pattern'"),
        ({"type": "person"}, "unknown type 'person'"),
        ({"$ref": "#/$defs/gone"}, "refers to '#/\\$defs/gone'"),
        ({"$ref": "https://example.org/a.json"}, "refers to"),
        ({"type": "array", "minItems": 5, "maxItems": 2}, "5 to 2"),
        ({"type": "string", "maxLength": 100000}, "0 to 100000"),
        ({"type": "integer", "minimum": 0, "maximum": 65535}, "between 0 and 65535"),
        ({"type": "number", "minimum": 0.2, "maximum": 0.4}, "between"),
        ({"type": "object", "properties": {"a": 3}}, "must be an object"),
    ],
)
def test_what_can_not_be_held_is_refused(schema, reason):
    with pytest.raises(ModelUnusableError, match=reason):
        follower_of(schema)
