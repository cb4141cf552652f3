"""Values of settings, read from YAML; each error names the file, line and key."""

from pathlib import Path
import re
import shlex

from .const import LANGUAGE_PATTERN, PROVIDER_NAMES
from .facts import FactKind
from .yaml_reader import YamlValue, suggest


def path_of(value: YamlValue) -> Path:
    """Return a path; a user who has no home here is an error."""
    try:
        return Path(value.text()).expanduser()
    except RuntimeError:
        value.fail(f"'{value.text()}' names a user that has no home folder here")


def paths_of(value: YamlValue) -> tuple[Path, ...]:
    """Return several paths."""
    try:
        return tuple(Path(text).expanduser() for text in texts_of(value))
    except RuntimeError:
        value.fail("names a user that has no home folder here")


def host_of(value: YamlValue) -> str:
    """Return an address or a name to listen at."""
    text = value.text().strip("[]")
    if not re.fullmatch(r"[A-Za-z0-9.:_%-]+", text):
        value.fail(f"must be an address or a name, not '{text}'")
    return text


def command_of(value: YamlValue) -> tuple[str, ...]:
    """Return the words of a command."""
    if value.is_sequence:
        return value.texts() or value.fail("must name a program")
    try:
        words = tuple(shlex.split(value.text()))
    except ValueError as err:
        value.fail(f"can't be split into words ({err})")
    return words or value.fail("must name a program")


def address_of(value: YamlValue) -> str:
    """Return the address of a server."""
    text = value.text().rstrip("/")
    if not text.startswith(("http://", "https://")):
        value.fail(f"must begin with http:// or https://, not '{text}'")
    return text


def texts_of(value: YamlValue) -> tuple[str, ...]:
    """Return several texts, as a list or with commas."""
    if value.is_sequence:
        return value.texts()
    return tuple(part.strip() for part in value.text().split(",") if part.strip())


def at_most(value: YamlValue, number: int, maximum: int) -> int:
    """Return a number unless it is too large."""
    if number > maximum:
        value.fail(f"must be at most {maximum}, not {number}")
    return number


def share_of(value: YamlValue) -> float:
    """Return a share between none and all."""
    number = value.number(minimum=0.0)
    if number > 1:
        value.fail(f"must be at most 1, not {number:g}")
    return number


def language_of(value: YamlValue) -> str:
    """Return a language code."""
    if value.plain() is False:
        value.fail("must be a text: write Norwegian as 'no', in quotes")
    text = value.text()
    if not re.fullmatch(LANGUAGE_PATTERN, text):
        value.fail(f"must be a language code such as en, de or pt-BR, not '{text}'")
    return text


def facts_of(value: YamlValue) -> tuple[FactKind, ...]:
    """Return kinds of facts; `none` is none of them."""
    kinds = []
    for word in texts_of(value):
        if word == "none":
            continue
        try:
            kinds.append(FactKind(word))
        except ValueError:
            known = [kind.value for kind in FactKind]
            value.fail(f"unknown fact '{word}'; {suggest(word, known)}")
    return tuple(dict.fromkeys(kinds))


def url_of(value: YamlValue) -> str:
    """Return an address that names no user: secrets have settings of their own."""
    text = value.text()
    if not re.fullmatch(r"[a-z]+://[^\s/@]+(/\S*)?", text):
        value.fail("must be an address such as http://192.168.1.5/hook, with no name")
    return text


def topic_of(value: YamlValue) -> str:
    """Return what MQTT topics begin with."""
    text = value.text().strip("/")
    if not re.fullmatch(r"[^\s#+]+", text):
        value.fail(f"must be a topic without spaces, + and #, not '{text}'")
    return text


def discovery_of(value: YamlValue) -> str:
    """Return the prefix of discovery; empty where it is switched off."""
    return "" if value.plain() is False or value.text() == "off" else topic_of(value)


def providers_of(value: YamlValue, others: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return names of what onnxruntime can compute on; a misspelt one is an error."""
    names = texts_of(value)
    for name in names:
        if name not in (known := (*PROVIDER_NAMES, *others)):
            value.fail(f"unknown provider '{name}'; {suggest(name, known)}")
    return names
