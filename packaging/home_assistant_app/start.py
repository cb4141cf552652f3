"""Start the service inside Home Assistant's app: options, rights, then the program."""

from collections.abc import Mapping
import json
import os
from pathlib import Path
import pwd
from typing import Any, Final

DATA: Final = Path("/data")
CONFIG: Final = Path("/config/config.yaml")
"""What a person wrote for the app, in `addon_configs`."""
PROGRAM: Final = "/opt/edge-captions/bin/edge-captions"
ACCOUNT: Final = "edge-captions"
OPTIONS: Final = "options.json"


def main() -> None:
    """Become the service; this does not return."""
    options = read_options(DATA / OPTIONS)
    link_config(CONFIG, DATA / "config.yaml")
    give_up_root(ACCOUNT, DATA)
    os.execve(PROGRAM, command(options), environment(options, os.environ))  # noqa: S606


def read_options(path: Path) -> dict[str, Any]:
    """Return what was set on the app's page; nothing where that can't be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def command(options: Mapping[str, Any]) -> list[str]:
    """Return the program with its arguments."""
    verbose = ["--verbose"] if options.get("verbose") is True else []
    # ingress and the integration come from the Supervisor's own network
    return [PROGRAM, "serve", "--host", "0.0.0.0", *verbose]  # noqa: S104


def environment(
    options: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the service's environment: home, ingress, and numbers that were set."""
    found = {**environ, "EDGE_CAPTIONS_HOME": str(DATA), "HOME": str(DATA)}
    found |= {"EDGE_CAPTIONS_INGRESS": "true", "EDGE_CAPTIONS_ANNOUNCE": "false"}
    found["EDGE_CAPTIONS_ALLOWED_FOLDERS"] = "/media,/share"
    for name in ("memory_limit_mib", "threads"):
        value = options.get(name)
        if isinstance(value, int) and value > 0:
            found[f"EDGE_CAPTIONS_{name.upper()}"] = str(value)
    return found


def link_config(source: Path, target: Path) -> None:
    """Let a person's own `config.yaml` count, as long as there is one."""
    if target.is_symlink():
        target.unlink()
    if source.is_file() and not target.exists():
        target.symlink_to(source)


def give_up_root(account: str, data: Path) -> None:
    """Hand the data to the service's user and become it."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(account)
    for path in (data, *data.rglob("*")):
        if path.name != OPTIONS:
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


if __name__ == "__main__":
    main()
