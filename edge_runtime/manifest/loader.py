"""Find, read and merge `models.yaml` files into one manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
import os
from pathlib import Path
from typing import Final

from ..errors import ManifestError
from ..preferences import AUTO, NONE, SelectionSettings, parse_selection
from ..schemas import Task
from ..yaml_reader import YamlValue, merge, read_yaml, suggest
from .expansion import forbid_misplaced
from .model import Manifest, ModelSpec
from .rows import read_id, read_model

SCHEMA_VERSION: Final = 1
MANIFEST_NAME: Final = "models.yaml"
TOP_LEVEL_KEYS: Final = ("schema_version", "selection", "models")


def manifest_path(package: Path | None = None) -> Path:
    """Return where the shipped models.yaml stands; `package` is our own folder.

    A checkout's file wins over one inside the package, because an editable install
    leaves a copy there that no edit reaches.
    """
    package = package or Path(__file__).parents[1]
    inside, beside = package / MANIFEST_NAME, package.parent / MANIFEST_NAME
    # in site-packages the parent folder is everybody's: only a project's root counts
    if (package.parent / "pyproject.toml").is_file() and beside.is_file():
        return beside
    if inside.is_file():
        return inside
    raise ManifestError(
        f"{inside}: the list of models is missing, and so is {beside}; "
        "install the package again"
    )


def load_manifest(
    user: Path | None = None,
    environ: Mapping[str, str] | None = None,
    converted: Sequence[Path] = (),
) -> Manifest:
    """Return the shipped manifest with the rows of a person's own file merged in.

    A row of `user` with a known id replaces the keys that it names: mappings such as
    `generate` key by key, lists such as `files` as a whole, and null takes a key away.
    A new id adds a row at the end. Its `selection` block is laid over the shipped one.
    Rows of `converted` models are merged in the same way, before the person's own.
    Raises ManifestError naming file, line and key.
    """
    environ = os.environ if environ is None else environ
    paths = [manifest_path(), *converted]
    documents = [_read_document(path) for path in paths]
    if user is not None:
        documents.append(_read_document(user))
    rows: dict[str, YamlValue] = {}
    selection: YamlValue | None = None
    for document in documents:
        for model_id, row in _rows_by_id(document.get("models")).items():
            rows[model_id] = merge(rows[model_id], row) if model_id in rows else row
        block = document.get("selection")
        if block is not None:
            selection = block if selection is None else merge(selection, block)
    models = tuple(read_model(row, environ) for row in rows.values())
    manifest = Manifest(models, _read_selection(selection, models))
    _check_shared_encoders(rows, models)
    return manifest


def _read_document(path: Path) -> Mapping[str, YamlValue]:
    root = read_yaml(path, ManifestError)
    if root is None:
        raise ManifestError(
            f"{path}:1: is empty; it must begin with 'schema_version: {SCHEMA_VERSION}'"
        )
    # the version comes first: a newer file may hold keys that mean nothing here
    version = root.fields(required=["schema_version"])["schema_version"]
    number = version.integer(minimum=1)
    if number > SCHEMA_VERSION:
        version.fail(
            f"is {number}, and this program reads up to {SCHEMA_VERSION}; "
            "update the program"
        )
    try:
        forbid_misplaced(root)
    except RecursionError:  # an alias within its own anchor has no end
        root.fail("is nested too deeply, or in itself")
    document = root.fields(TOP_LEVEL_KEYS)
    return {key: value for key, value in document.items() if not value.is_null}


def _rows_by_id(models: YamlValue | None) -> dict[str, YamlValue]:
    rows: dict[str, YamlValue] = {}
    for row in () if models is None else models.items():
        id_value = row.fields(required=["id"])["id"]
        model_id = read_id(id_value)
        if model_id in rows:
            first = rows[model_id].fields()["id"].line
            id_value.fail(f"id '{model_id}' stands twice, first in line {first}")
        rows[model_id] = replace(row, key=f"models[{model_id}]")
    return rows


def _check_shared_encoders(
    rows: Mapping[str, YamlValue], models: tuple[ModelSpec, ...]
) -> None:
    tasks = {spec.id: spec.task for spec in models}
    for spec in models:
        shared = spec.shares_encoder
        if shared is None or tasks.get(shared) is Task.IMAGE_TO_TEXT:
            continue
        captioners = [i for i, task in tasks.items() if task is Task.IMAGE_TO_TEXT]
        rows[spec.id].fields()["shares_encoder"].fail(
            f"there is no captioner '{shared}'; {suggest(shared, captioners)}"
        )


def _read_selection(
    block: YamlValue | None, models: tuple[ModelSpec, ...]
) -> SelectionSettings:
    if block is None:
        return SelectionSettings()
    selection = SelectionSettings().overlaid(parse_selection(block))
    fields = block.fields()
    tasks = {spec.id: spec.task for spec in models}
    for task, choice in selection.choices.items():
        if choice in (AUTO, NONE) or tasks.get(choice) is task:
            continue
        _fail_choice(fields[task.value], choice, task, tasks)
    return selection


def _fail_choice(
    value: YamlValue, choice: str, task: Task, tasks: Mapping[str, Task]
) -> None:
    if choice in tasks:
        value.fail(f"'{choice}' is a model for {tasks[choice].value}, not {task.value}")
    known = [model_id for model_id, its_task in tasks.items() if its_task is task]
    value.fail(f"unknown model '{choice}'; {suggest(choice, [AUTO, NONE, *known])}")
