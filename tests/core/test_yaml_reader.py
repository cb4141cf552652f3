from enum import StrEnum

import pytest

from edge_runtime.errors import ConfigError
from edge_runtime.yaml_reader import parse_yaml, read_yaml, suggest


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def root(text):
    value = parse_yaml(text, "file.yaml", ConfigError)
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("text", "read", "message"),
    [
        ("a: 1\nb: [x", lambda v: v, "that begins in line 2)"),
        ("a: 1\nbad: 2", lambda v: v.fields(["a"]), "file.yaml:2: unknown key 'bad'"),
        ("name: x", lambda v: v.fields(["names"]), "did you mean 'names'?"),
        ("a: 1\na: 2", lambda v: v.fields(["a"]), "file.yaml:2: key 'a' stands twice"),
        ("b: 1", lambda v: v.fields(required=["a"]), "key 'a' is missing"),
        ("- 1", lambda v: v.fields(["a"]), "must be a mapping of keys to values"),
        ("? [1]\n: 2", lambda v: v.fields(), "keys must be plain texts"),
        ("a: [1]", lambda v: v.fields()["a"].text(), "a: must be a text, not a list"),
        ("a:", lambda v: v.fields()["a"].text(), "a: must be a text, not empty"),
        ("a: ''", lambda v: v.fields()["a"].text(), "a: must be a text, not ''"),
        ("a: {}", lambda v: v.fields()["a"].items(), "must be a list, not a mapping"),
        ("a: x", lambda v: v.fields()["a"].integer(), "must be a whole number"),
        ("a: true", lambda v: v.fields()["a"].integer(), "must be a whole number"),
        ("a: 0", lambda v: v.fields()["a"].integer(1), "must be at least 1, not 0"),
        ("a: no", lambda v: v.fields()["a"].number(), "must be a number, not 'no'"),
        ("a: .nan", lambda v: v.fields()["a"].number(), "must be at least 0, not nan"),
        ("a: 1", lambda v: v.fields()["a"].boolean(), "must be true or false"),
        ("a: gren", lambda v: v.fields()["a"].choice(Colour), "did you mean 'green'?"),
        ("a: [x, {}]", lambda v: v.fields()["a"].texts(), "a[1]: must be a text"),
        ("a: !odd 1", lambda v: v.plain(), "can't be read"),
    ],
)
def test_an_error_names_file_line_and_key(text, read, message):
    with pytest.raises(ConfigError) as caught:
        read(root(text))
    assert message in str(caught.value)
    assert str(caught.value).startswith("file.yaml:")
    assert "\n" not in str(caught.value)


def test_values_are_read_as_what_they_are():
    fields = root("a: x\nb: 2\nc: 1.5\nd: yes\ne: [p, q]\nf: red\ng: {h: 1}").fields()
    assert fields["a"].text() == "x"
    assert fields["b"].integer() == 2
    assert fields["c"].number() == 1.5
    assert fields["d"].boolean() is True
    assert fields["e"].texts() == ("p", "q")
    assert fields["f"].choice(Colour) is Colour.RED
    assert fields["g"].plain() == {"h": 1}


def test_an_empty_document_is_none(tmp_path):
    assert parse_yaml("# only a comment\n", "x", ConfigError) is None
    path = tmp_path / "empty.yaml"
    path.write_text("")
    assert read_yaml(path, ConfigError) is None


def test_files_that_cannot_be_read_are_errors_with_their_path(tmp_path):
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        read_yaml(tmp_path, ConfigError)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: caf\xe9")
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 9\)"):
        read_yaml(path, ConfigError)
    path.write_bytes(b"name: \x07")
    with pytest.raises(ConfigError, match="no valid YAML"):
        read_yaml(path, ConfigError)


def test_suggest_lists_the_choices_when_none_is_near():
    assert suggest("zzz", ["b", "a"]) == "known: a, b"
    many = [f"choice-{number:03}" for number in range(100)]
    listed = suggest("zzz", many)
    assert listed.startswith("known: choice-000, choice-001, ")
    assert listed.endswith(" and others, 100 in all")
    assert len(listed) < 750
