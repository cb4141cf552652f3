"""Settings: command line over environment, page, `config.yaml` and defaults."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import partial
import logging
import os
from pathlib import Path
import sys
from typing import Any, Final

from .const import APP_NAME, CPU, DEFAULT_HUB, ENV_PREFIX, MIB
from .errors import ConfigError
from .facts import FactKind
from .folder_settings import WatchedFolder, parse_folders
from .preferences import SelectionLayer, parse_selection
from .schemas import ReadText, Style
from .setting_values import (
    address_of,
    at_most,
    command_of,
    discovery_of,
    facts_of,
    host_of,
    language_of,
    path_of,
    paths_of,
    providers_of,
    share_of,
    texts_of,
    topic_of,
    url_of,
)
from .yaml_reader import YamlValue, parse_yaml, read_yaml

_LOGGER = logging.getLogger(__name__)

CONFIG_NAME: Final = "config.yaml"
PAGE_NAME: Final = "settings.yaml"
"""Beside it: what a person changed while the service ran."""
CHANGEABLE: Final = (
    "language",
    "style",
    "template",
    "facts",
    "rewrite",
    "read_text",
    "service_keep_alive_s",
    "background_max_celsius",
    "background_max_load",
)
"""Keys that take effect while the service runs; the page may set them."""
DEFAULT: Final = "default"
PAGE: Final = "page"
ENVIRONMENT: Final = "environment"
OPTION: Final = "option"
DEFAULT_PORT: Final = 8477
_PLAIN_TEXTS: Final = frozenset(
    {
        "worker_command",
        "prefer_providers",
        "forbid_providers",
        "models_folder",
        "manifest",
        "language",
        "hub",
        "host",
        "style",
        "template",
        "facts",
        "webhook_url",
        "webhook_secret",
        "mqtt_url",
        "mqtt_username",
        "mqtt_password",
        "mqtt_topic",
        "mqtt_discovery",
        "immich_url",
        "immich_api_key",
    }
)
"""Keys whose environment variable is no YAML: `no` is Norwegian there."""
_SECRETS: Final = frozenset({"webhook_secret", "mqtt_password", "immich_api_key"})
HIDDEN: Final = "(set)"
"""Stands for a secret where settings are shown."""
_SWITCHES: Final = frozenset(
    {
        "offline",
        "auto_download",
        "announce",
        "ingress",
        "verify",
        "immich_tags",
        "rewrite",
    }
)
_NUMBERS: Final = {"1": "true", "0": "false"}
"""What compose files write for yes and no."""
_NEAR: Final = 0.9
"""Likeness above which an unknown variable is taken for a misspelt one."""


class AutoDownload(StrEnum):
    """Whether models may be fetched without being asked for by name."""

    ASK = "ask"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set; one field per key of `config.yaml`."""

    home: Path
    """Folder of configuration, models and data."""
    models_folder: Path | None = None
    """A folder of pre-placed model files, looked into before any download."""
    manifest: Path | None = None
    """A models.yaml whose rows add to or replace the shipped ones."""
    selection: SelectionLayer | None = None
    """Laid over the manifest's own selection block."""
    auto_download: AutoDownload = AutoDownload.ASK
    offline: bool = False
    """Fetch nothing from the network; connectors that are set are still told."""
    hub: str = DEFAULT_HUB
    """Address of the model hub or of a mirror of it (`HF_ENDPOINT` sets it too)."""
    accepted_licenses: tuple[str, ...] = ()
    """Ids of models whose licence was accepted."""
    language: str = "en"
    verify: bool = True
    """Check captions against their photos, where a scorer is there and fits."""
    facts: tuple[FactKind, ...] = (
        FactKind.PLACE,
        FactKind.DATE,
        FactKind.ALBUM,
        FactKind.CAMERA,
        FactKind.KEYWORD,
    )
    """What captions may say of what photos know; `person` switches names on."""
    style: Style = Style.PLAIN
    """Style of captions that ask for none; a camera's are short."""
    template: str = ""
    """Your own, for the style `custom`."""
    rewrite: bool = False
    """Let a language model join caption and facts, where one is installed and fits."""
    read_text: ReadText = ReadText.LARGE
    """Which text in photos is read, where a text reader is installed."""
    worker_command: tuple[str, ...] = (sys.executable,)
    """What starts the worker; an emulator or a sandbox may stand before Python."""
    worker_timeout_s: float = 300.0
    """Longest time one photo may take before its worker is ended."""
    keep_alive_s: float = 300.0
    """How long an idle worker keeps its model in memory."""
    threads: int | None = None
    """Threads of a model; by default physical cores less one, at least one."""
    prefer_providers: tuple[str, ...] = ()
    """What onnxruntime tries first, in this order; `cpu`: nothing else."""
    forbid_providers: tuple[str, ...] = ()
    """What onnxruntime must not try."""
    memory_limit_mib: int | None = None
    """Most memory a worker may use; by default 85 % of what is available."""
    host: str = "127.0.0.1"
    """Address that the service listens at; off loopback every request needs a token."""
    port: int = DEFAULT_PORT
    allowed_hosts: tuple[str, ...] = ()
    """Names besides this machine's own that requests may address the service by."""
    allowed_folders: tuple[Path, ...] = ()
    """Folders whose photos clients may name by their path, and that may be watched."""
    image_hosts: tuple[str, ...] = ()
    """Hosts on the internet whose pictures clients may name by their address."""
    folders: tuple[WatchedFolder, ...] = ()
    """Folders of photos that are watched."""
    webhook_url: str | None = None
    """Address that is told of every caption."""
    webhook_secret: str | None = None
    """Signs what is sent there."""
    mqtt_url: str | None = None
    """Broker that is told of every caption: mqtt://HOST:PORT or mqtts://HOST:PORT."""
    mqtt_username: str | None = None
    mqtt_password: str | None = None
    mqtt_topic: str = "edge-captions"
    """What the topics begin with."""
    mqtt_discovery: str = "homeassistant"
    """Prefix of Home Assistant's discovery; `off`: no discovery."""
    immich_url: str | None = None
    """Address of the Immich whose photos `edge-captions immich` captions."""
    immich_api_key: str | None = None
    immich_tags: bool = False
    """Also tag them with what the captions name."""
    immich_per_minute: int = 30
    """Most photos that are asked for in a minute."""
    max_upload_mib: int = 64
    announce: bool = True
    """Tell the local network that the service is there, where others can reach it."""
    ingress: bool = False
    """Trust Home Assistant's Supervisor to have let a person in."""
    queue_limit: int = 32
    """Most captions that may wait for the model at a time."""
    service_keep_alive_s: float = 120.0
    """`keep_alive_s` while the service runs."""
    background_max_celsius: float = 80.0
    """Work that nobody waits for rests while the processor is hotter; 0: no limit."""
    background_max_load: float = 0.0
    """And while other programs keep a larger share of the cores busy; 0: no limit."""

    @property
    def memory_limit_bytes(self) -> int | None:
        """Return the most memory a worker may use, where a person set it."""
        return None if self.memory_limit_mib is None else self.memory_limit_mib * MIB

    @property
    def models_home(self) -> Path:
        """Return the folder that holds one folder per model."""
        return self.home / "models"


def _auto_download(value: YamlValue) -> AutoDownload:
    plain = value.plain()  # YAML reads an unquoted yes or no as a boolean
    if isinstance(plain, bool):
        return AutoDownload.YES if plain else AutoDownload.NO
    return value.choice(AutoDownload)


_READERS: Final[Mapping[str, Callable[[YamlValue], Any]]] = {
    "models_folder": path_of,
    "manifest": path_of,
    "selection": parse_selection,
    "auto_download": _auto_download,
    "offline": YamlValue.boolean,
    "hub": address_of,
    "accepted_licenses": texts_of,
    "language": language_of,
    "verify": YamlValue.boolean,
    "facts": facts_of,
    "style": lambda value: value.choice(Style),
    "template": YamlValue.text,
    "rewrite": YamlValue.boolean,
    "read_text": lambda value: value.choice(ReadText),
    "worker_command": command_of,
    "worker_timeout_s": lambda value: value.number(minimum=1.0),
    "keep_alive_s": lambda value: value.number(minimum=0.0),
    "threads": lambda value: value.integer(minimum=1),
    "prefer_providers": partial(providers_of, others=(CPU,)),
    "forbid_providers": providers_of,
    "memory_limit_mib": lambda value: value.integer(minimum=16),
    "host": host_of,
    "port": lambda value: at_most(value, value.integer(minimum=0), 65_535),
    "allowed_hosts": texts_of,
    "allowed_folders": paths_of,
    "image_hosts": texts_of,
    "folders": parse_folders,
    "webhook_url": url_of,
    "webhook_secret": YamlValue.text,
    "mqtt_url": url_of,
    "mqtt_username": YamlValue.text,
    "mqtt_password": YamlValue.text,
    "mqtt_topic": topic_of,
    "mqtt_discovery": discovery_of,
    "immich_url": url_of,
    "immich_api_key": YamlValue.text,
    "immich_tags": YamlValue.boolean,
    "immich_per_minute": lambda value: value.integer(minimum=1),
    "max_upload_mib": lambda value: value.integer(minimum=1),
    "announce": YamlValue.boolean,
    "ingress": YamlValue.boolean,
    "queue_limit": lambda value: value.integer(minimum=1),
    "service_keep_alive_s": lambda value: value.number(minimum=0.0),
    "background_max_celsius": lambda value: value.number(minimum=0.0),
    "background_max_load": share_of,
}


def default_home(environ: Mapping[str, str]) -> Path:
    """Return the platform's data folder for this program."""
    base = environ.get("XDG_DATA_HOME")
    if base and Path(base).is_absolute():
        return Path(base) / APP_NAME
    return _expanded(environ.get("HOME") or "~") / ".local/share" / APP_NAME


def load_settings(
    environ: Mapping[str, str] | None = None, **overrides: Any
) -> Settings:
    """Return the settings; `overrides` are the command line's, None meaning not given.

    Raises ConfigError naming the file and line, or the environment variable.
    """
    return load_with_origins(environ, **overrides)[0]


def load_with_origins(
    environ: Mapping[str, str] | None = None, **overrides: Any
) -> tuple[Settings, dict[str, str]]:
    """Return the settings, and where each one that is not a default was set."""
    environ = os.environ if environ is None else environ
    home = overrides.pop("home", None) or environ.get(f"{ENV_PREFIX}HOME")
    home = _expanded(home) if home else default_home(environ)
    layers: dict[str, dict[str, Any]] = {}
    if _is_there(home / CONFIG_NAME):
        layers[CONFIG_NAME] = _from_file(home / CONFIG_NAME)
    if _is_there(home / PAGE_NAME):
        layers[PAGE] = _from_file(home / PAGE_NAME, CHANGEABLE)
    layers[ENVIRONMENT] = _from_environment(environ)
    layers[OPTION] = {k: v for k, v in overrides.items() if v is not None}
    values = {key: value for layer in layers.values() for key, value in layer.items()}
    origins = {key: origin for origin, layer in layers.items() for key in layer}
    return replace(Settings(home=home.absolute()), **values), origins


def plain_settings(settings: Settings) -> dict[str, Any]:
    """Return every setting by its key, in values that JSON and YAML know.

    Secrets are hidden.
    """
    return {f.name: _shown(f.name, getattr(settings, f.name)) for f in fields(Settings)}


def _shown(name: str, value: Any) -> Any:
    return HIDDEN if name in _SECRETS and value is not None else _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case WatchedFolder():
            return value.to_dict()
        case tuple():
            return [_plain(part) for part in value]
        case SelectionLayer():
            given = {
                "prefer": value.prefer,
                "seconds_per_photo": value.seconds_per_photo,
            }
            choices = {task.value: choice for task, choice in value.choices.items()}
            return choices | {k: _plain(v) for k, v in given.items() if v is not None}
        case StrEnum():
            return value.value
        case _:
            return value


def read_values(root: YamlValue, known: Iterable[str] = _READERS) -> dict[str, Any]:
    """Return the settings that a document names; raise its error."""
    return {key: _READERS[key](value) for key, value in root.fields(known).items()}


def _from_file(path: Path, known: Iterable[str] = _READERS) -> dict[str, Any]:
    root = read_yaml(path, ConfigError)
    if root is None:
        return {}
    values = read_values(root, known)
    return {key: _from_folder(path.parent, value) for key, value in values.items()}


def _from_folder(folder: Path, value: Any) -> Any:
    """Return a value whose relative paths are meant from the file's folder."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, WatchedFolder):
        return replace(value, path=folder / value.path)
    if isinstance(value, tuple):
        return tuple(_from_folder(folder, part) for part in value)
    return value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if hub := environ.get("HF_ENDPOINT"):
        values["hub"] = _read_variable("HF_ENDPOINT", "hub", hub)
    for variable, text in sorted(environ.items()):
        if not variable.startswith(ENV_PREFIX) or variable == f"{ENV_PREFIX}HOME":
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        if name not in _READERS:
            _refuse_misspelt(variable)
        elif text.strip():
            values[name] = _read_variable(variable, name, text)
    return values


def _read_variable(variable: str, name: str, text: str) -> Any:
    try:
        return _READERS[name](_environment_value(variable, name, text))
    except ConfigError as err:  # a variable has one line: its number says nothing
        raise ConfigError(str(err).replace(f"{variable}:1:", f"{variable}:")) from None


def _refuse_misspelt(variable: str) -> None:
    """Raise for a near miss; others are none of ours (a cluster injects its own)."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    known = [f"{ENV_PREFIX}{field.name.upper()}" for field in fields(Settings)]
    if near := get_close_matches(variable, known, n=1, cutoff=_NEAR):
        raise ConfigError(
            f"{variable}: unknown environment variable; did you mean '{near[0]}'?"
        )
    _LOGGER.debug("%s: no setting of this name", variable)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as err:
        raise ConfigError(f"{path}: can't be looked at: {err.strerror}") from None


def _expanded(path: str | Path) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(
            "this user has no home folder: set --home or EDGE_CAPTIONS_HOME"
        ) from None


def _environment_value(variable: str, name: str, text: str) -> YamlValue:
    if name in _SWITCHES:
        text = _NUMBERS.get(text.strip(), text)
    source = f"environment variable {variable}"
    document = repr_yaml(text) if name in _PLAIN_TEXTS else text
    value = parse_yaml(document, source, ConfigError)
    if value is None:
        raise ConfigError(f"{source}: is empty")
    return value


def repr_yaml(text: str) -> str:
    """Return a YAML scalar that reads back as exactly this text."""
    return "'" + text.replace("'", "''") + "'"
