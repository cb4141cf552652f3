"""A caption as JSON: what a schema asks for, and nothing made up."""

import pytest

from edge_runtime.pipeline import Parts, UnfillableError, as_object, fill

PARTS = Parts("A man and two dogs on a beach.")
TEXT = {"type": "string"}


def schema(required=(), **properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def test_known_names_are_filled():
    found = fill(
        schema(
            ["title"],
            title=TEXT,
            description=TEXT,
            tags={"type": "array", "items": TEXT},
        ),
        PARTS,
    )
    assert found == {
        "title": "A man and two dogs on a beach",
        "description": "A man and two dogs on a beach.",
        "tags": ["man", "dog", "beach"],
    }


def test_a_described_field_is_filled_by_what_it_says():
    asked = {"type": "string", "description": "Describe the picture in one sentence"}
    assert fill(schema(x=asked), PARTS) == {"x": PARTS.description}


def test_what_is_not_required_is_left_out_and_what_may_be_null_is():
    mood = {"anyOf": [TEXT, {"type": "null"}]}
    found = fill(schema(["caption", "mood"], caption=TEXT, mood=mood, age=TEXT), PARTS)
    assert found == {"caption": PARTS.description, "mood": None}


def test_references_and_inner_objects_are_followed():
    outer = schema(["scene"], scene={"$ref": "#/$defs/Scene"})
    outer["$defs"] = {"Scene": schema(["text"], text=TEXT)}
    assert fill(outer, PARTS) == {"scene": {"text": PARTS.description}}


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (schema(["count"], count={"type": "integer"}), "count"),
        (schema(["description"], description={"type": "boolean"}), "description"),
        (schema(["caption"], caption={"type": "string", "enum": ["a"]}), "caption"),
        (schema(["labels"], labels={"type": "array", "items": schema()}), "labels"),
        (schema(mood=TEXT), "mood"),
        ({"type": "object"}, "an object without known properties"),
        ({"type": "integer"}, "the schema"),
    ],
)
def test_anything_else_is_named(wrong, name):
    with pytest.raises(UnfillableError, match=f"^{name}$"):
        fill(wrong, PARTS)


def test_a_schema_that_has_no_end_is_refused():
    endless = schema(["text"], text={"$ref": "#/$defs/Loop"})
    endless["$defs"] = {"Loop": endless}
    with pytest.raises(UnfillableError):
        fill(endless, PARTS)


def test_only_english_captions_give_tags():
    german = Parts("Ein Mann am Strand.", "de")
    assert as_object(german, ("title",)) == {"title": "Ein Mann am Strand"}
    with pytest.raises(UnfillableError, match="tags"):
        as_object(german, ("title", "tags"))
    assert as_object(PARTS, ()) == {"description": PARTS.description}
