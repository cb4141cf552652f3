#!/usr/bin/env python3
"""Write size and sha256 of a bundled model's files into models.yaml, in place.

Only the numbers change: comments and layout stay. With --check nothing is written,
and the exit code is 1 if a number is out of date.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path
import sys

import yaml

from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.files import FileWriteError, write_text

ROOT = Path(__file__).resolve().parents[1]
Fields = dict[str, tuple[yaml.Node, yaml.Node]]
Pins = list[tuple[str, int, str]]


@dataclass(frozen=True, slots=True)
class Edit:
    """A part of the text, by its character positions, and what belongs there."""

    start: int
    end: int
    text: str


def fields_of(node: yaml.Node | None) -> Fields:
    """Return key and value nodes of a mapping by the key's name."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): (key, value) for key, value in node.value}


def items_of(fields: Fields, key: str) -> list[yaml.Node]:
    """Return the members of the list that stands under a key."""
    node = fields[key][1] if key in fields else None
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def bundled_files(text: str, model_id: str) -> Iterator[tuple[str, yaml.MappingNode]]:
    """Yield path below the bundled folder, and the mapping, of each file of a model."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for model in items_of(fields_of(root), "models"):
        fields = fields_of(model)
        if "id" not in fields or fields["id"][1].value != model_id:
            continue
        files = items_of(fields, "files")
        for file in (node for node in files if isinstance(node, yaml.MappingNode)):
            for source in items_of(fields_of(file), "sources"):
                if "bundled" in (kinds := fields_of(source)):
                    yield str(kinds["bundled"][1].value), file


def edits_for(file: yaml.MappingNode, size: int, sha256: str) -> Iterator[Edit]:
    """Yield what has to change in one file's mapping."""
    fields = fields_of(file)
    name = "sha256" if "sha256" in fields else "pin"
    if name not in fields:
        raise ValueError("has neither the key 'sha256' nor the key 'pin'")
    key, value = fields[name]
    hash_text = f"sha256: {sha256}"
    if "bytes" in fields:
        count = fields["bytes"][1]
        yield Edit(count.start_mark.index, count.end_mark.index, str(size))
    else:
        next_line = f"\n{' ' * key.start_mark.column}"
        between = ", " if file.flow_style else next_line
        hash_text = f"bytes: {size}{between}{hash_text}"
    yield Edit(key.start_mark.index, value.end_mark.index, hash_text)


def pinned(text: str, model_id: str, bundled: Path) -> str:
    """Return the manifest's text with the sizes and hashes of the files on disk."""
    edits: list[Edit] = []
    found: Pins = []
    for location, file in bundled_files(text, model_id):
        content = (bundled / location).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        edits.extend(edits_for(file, len(content), sha256))
        found.append((location, len(content), sha256))
    if not edits:
        raise ValueError(f"no model '{model_id}' with bundled files")
    # from the end, so that the positions still to come stay right
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    if pins_in(text, model_id) != found:
        raise ValueError(
            f"the files of '{model_id}' are written in a form that only "
            "a person can change"
        )
    return text


def pins_in(text: str, model_id: str) -> Pins:
    """Return path, size and hash of a model's bundled files as YAML reads them."""
    pins: Pins = []
    for location, file in bundled_files(text, model_id):
        plain = yaml.SafeLoader("").construct_document(file)
        pins.append((location, plain.get("bytes"), plain.get("sha256")))
    return pins


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if the manifest is right now, 1 if --check found it out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=EMBEDDED_MODEL)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--manifest", type=Path, default=ROOT / "models.yaml")
    parser.add_argument(
        "--bundled", type=Path, default=ROOT / "edge_runtime" / "bundled"
    )
    options = parser.parse_args(arguments)
    text = options.manifest.read_text(encoding="utf-8")
    try:
        new_text = pinned(text, options.model, options.bundled)
    except (OSError, ValueError, yaml.YAMLError) as err:
        print(f"{options.manifest}: {' '.join(str(err).split())}", file=sys.stderr)
        return 2
    if new_text == text:
        print(f"{options.model}: up to date")
        return 0
    if options.check:
        print(f"{options.model}: sizes or hashes are out of date", file=sys.stderr)
        return 1
    try:
        write_text(options.manifest, new_text)
    except FileWriteError as err:
        print(err, file=sys.stderr)
        return 2
    print(f"{options.model}: sizes and hashes written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
