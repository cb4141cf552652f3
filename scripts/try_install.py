"""Run scripts/install in a fresh Debian root and use what it installed.

The root holds nothing but Debian's minimal base and a copy of this checkout. Another
architecture runs under emulation: python scripts/try_install.py --arch arm64
"""

import argparse
from contextlib import AbstractContextManager
from pathlib import Path
import shutil
import sys
import time
from typing import Final

from fresh_root import (
    ARCHES,
    ROOT,
    UnavailableError,
    copy_checkout,
    entering,
    fresh_root,
    native_arch,
    run_in,
)
from root_checks import FailedError, expect, free_port, get, running, use_api

CHECKOUT: Final = "/root/edge-captions"
INSTALL: Final = f"{CHECKOUT}/scripts/install"
HOME: Final = "/var/lib/edge-captions"
UNIT: Final = "etc/systemd/system/edge-captions.service"
PHOTO: Final = "edge_runtime/bundled/samples/astronaut.jpg"
ACCOUNT: Final = ("--reuid=edge-captions", "--regid=edge-captions", "--clear-groups")
SKIPPED: Final = 77


def main() -> int:
    """Try one architecture; 0: everything works, 77: it can't be tried here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", choices=ARCHES, default=native_arch())
    parser.add_argument(
        "--llama-wheel", type=Path, metavar="FILE", help="install it as --llm does"
    )
    options = parser.parse_args()
    under = "" if options.arch == native_arch() else ", under emulation"
    try:
        with fresh_root(options.arch, "install") as root:
            release = (root / "etc" / "debian_version").read_text().strip()
            print(f"Debian {release}, {options.arch}{under}", flush=True)
            copy_checkout(root / CHECKOUT.lstrip("/"))
            try_root(root, emulated=bool(under), llama_wheel=options.llama_wheel)
    except UnavailableError as err:
        print(f"can't be tried here: {err}")
        return SKIPPED
    except FailedError as err:
        print(f"FAILED: {err}")
        return 1
    return 0


def try_root(root: Path, *, emulated: bool, llama_wheel: Path | None) -> None:
    """Install, use, bring up to date and remove the program in one root."""
    said = step(root, "install", INSTALL, "--network")
    if "no systemd answers here" not in said:
        raise FailedError(f"nothing was said of the missing systemd:\n{said}")
    step(root, "versions", opt("python"), "-c", SHOW_VERSIONS)
    photo = f"{CHECKOUT}/{PHOTO}"
    step(root, "caption", "edge-captions", "caption", "--json", photo)
    with serving(root) as address:
        use_api(address)
    upgrade(root)
    with serving(root) as address:
        expect(
            get(address, "/api/v1/photos")["items"], "the photo outlives the upgrade"
        )
    if llama_wheel is not None:
        with_language_models(root, llama_wheel)
    step(root, "uninstall", INSTALL, "--uninstall")
    expect(not (root / UNIT).exists(), "the service's unit is gone")
    expect(
        (root / HOME.lstrip("/") / "edge-captions.db").exists(), "people's data stay"
    )
    expect(not (root / "opt/edge-captions").exists(), "the program is gone")
    step(root, "purge", INSTALL, "--uninstall", "--purge")
    expect(not (root / HOME.lstrip("/")).exists(), "purged data are gone")
    if not emulated:
        without_root(root)
    print("ok", flush=True)


def upgrade(root: Path) -> None:
    """Install over what is there, on a machine whose systemd writes down its orders."""
    program = root / "opt/edge-captions"
    before = (program / "current").readlink()
    orders = root / "orders"
    fake = root / "usr/local/bin/systemctl"
    fake.write_text('#!/bin/sh\necho "$@" >>/orders\n', encoding="utf-8")
    fake.chmod(0o755)
    (root / "run/systemd/system").mkdir(parents=True)
    step(root, "upgrade", INSTALL, "--memory", "300M")
    expect((program / "current").readlink() != before, "the upgrade is another release")
    expect(
        len([p for p in program.glob("2*") if p.is_dir()]) == 1, "the old one is gone"
    )
    unit = (root / UNIT).read_text(encoding="utf-8")
    expect("MemoryMax=300M" in unit and "@" not in unit, "the unit is filled in")
    told = orders.read_text(encoding="utf-8")
    expect(
        "enable --quiet edge-captions\nrestart edge-captions" in told, "it is started"
    )


def with_language_models(root: Path, wheel: Path) -> None:
    """Install a ready-made llama.cpp: no compiler comes along."""
    target = root / CHECKOUT.lstrip("/") / "dist"
    target.mkdir(exist_ok=True)
    shutil.copy(wheel, target)
    step(root, "llm", INSTALL, "--llm")
    step(root, "llama.cpp", opt("python"), "-c", "import llama_cpp; print('loads')")
    expect(not (root / "usr/bin/c++").exists(), "no compiler was installed")


def without_root(root: Path) -> None:
    """Install as a person who is not root, for themselves."""
    step(root, "person", "useradd", "--create-home", "anna")
    (root / "root").chmod(0o755)
    anna = ("setpriv", "--reuid=anna", "--regid=anna", "--clear-groups")
    home = ("env", "HOME=/home/anna", "USER=anna")
    step(root, "no root", *anna, *home, INSTALL)
    program = "/home/anna/.local/bin/edge-captions"
    step(root, "caption", *anna, *home, program, "caption", f"{CHECKOUT}/{PHOTO}")
    step(root, "uninstall", *anna, *home, INSTALL, "--uninstall", "--purge")
    left = [path for path in (root / "home/anna/.local").rglob("*") if path.is_file()]
    expect(not left, f"nothing is left: {left}")


SHOW_VERSIONS: Final = """
from importlib.metadata import version
print(", ".join(f"{n} {version(n)}" for n in ("edge-captions", "numpy", "onnxruntime")))
"""


def opt(program: str) -> str:
    """Return the path of an installed program."""
    return f"/opt/edge-captions/current/bin/{program}"


def step(root: Path, name: str, *command: str) -> str:
    """Run a command in the root; print how long it took and its last line."""
    started = time.monotonic()
    done = run_in(root, *command)
    seconds = time.monotonic() - started
    if done.returncode:
        raise FailedError(f"{name} (exit {done.returncode}):\n{done.stdout}")
    lines = done.stdout.strip().splitlines() or [""]
    shown = next((line for line in lines if line.startswith("works")), lines[-1])
    print(f"{name:10} {seconds:6.1f} s  {shown[:100]}", flush=True)
    return done.stdout


def serving(root: Path) -> AbstractContextManager[str]:
    """Run the service in the root as its user; its address is what comes of it."""
    port = free_port()
    command = ["setpriv", *ACCOUNT, opt("edge-captions"), "serve"]
    settings = {"EDGE_CAPTIONS_HOME": HOME, "EDGE_CAPTIONS_PORT": str(port)}
    inside = entering(root, [*command, "--host", "127.0.0.1"])
    return running(inside, settings, port)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "scripts"))
    sys.exit(main())
