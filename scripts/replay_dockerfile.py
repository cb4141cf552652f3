"""Run every step of a Dockerfile in chroots, without Docker, then its container.

The base image is a fresh Debian root. The container then runs as Docker would run it:
its user, a root that can't be written to, /data and /tmp; and is asked for a caption.

    python scripts/replay_dockerfile.py                  packaging/container, `plain`
    python scripts/replay_dockerfile.py --app            Home Assistant's app
    python scripts/replay_dockerfile.py --arch arm64     under emulation
    python scripts/replay_dockerfile.py --cpu core2duo   also on an emulated old CPU
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Final

from app_supervisor import supervisor
from dockerfile import (
    DockerfileError,
    Instruction,
    Stage,
    allowed_in_context,
    copy_source,
    read,
)
from fresh_root import (
    ARCHES,
    ROOT,
    UnavailableError,
    entering,
    environment,
    fresh_root,
    native_arch,
    qemu,
    run_in,
)
from root_checks import PHOTO, FailedError, expect, free_port, running, use_api

BASE_IMAGE: Final = "debian:bookworm-slim"
CONTAINER: Final = ROOT / "packaging" / "container" / "Dockerfile"
APP: Final = ROOT / "packaging" / "home_assistant_app"
KEY: Final = "SUPERVISOR_TOKEN"
SKIPPED: Final = 77
RUN_AVX: Final = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("c5f857c0c3"))  # vxorps, ret
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
ctypes.CFUNCTYPE(None)(address)()
"""


@dataclass
class Image:
    """A stage that was built: its root and what it says of running it."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


@dataclass
class Builder:
    """Builds the stages of one Dockerfile, each in a root of its own."""

    path: Path
    context: Path
    arch: str
    stack: ExitStack
    images: dict[str, Image] = field(default_factory=dict)

    def build(self, target: str | None) -> Image:
        """Build a stage and all that it needs."""
        stages = read(self.path)
        return self._stage(stages, target or list(stages)[-1])

    def _stage(self, stages: dict[str, Stage], name: str) -> Image:
        if name in self.images:
            return self.images[name]
        stage = stages[name]
        for other in stage.needs:
            if other in stages:
                self._stage(stages, other)
            elif other != BASE_IMAGE:
                raise FailedError(f"the base image is {other}, not {BASE_IMAGE}")
        root = self.stack.enter_context(fresh_root(self.arch, f"stage-{name}"))
        image = Image(root)
        if stage.origin in stages:
            origin = self.images[stage.origin]
            # the very tree of the stage before, not one that is alike
            shutil.rmtree(root)
            _run(["cp", "-a", "--reflink=auto", str(origin.root), str(root)])
            image = Image(
                **{**vars(origin), "root": root, "env": dict(origin.env)}  # type: ignore[arg-type]
            )
        self.images[name] = image
        for instruction in stage.instructions:
            self._follow(name, image, instruction)
        return image

    def _follow(self, stage: str, image: Image, instruction: Instruction) -> None:
        started = time.monotonic()
        match instruction.name:
            case "RUN":
                self._run(image, instruction.rest)
            case "COPY":
                self._copy(image, instruction)
            case "ENV" | "ARG":
                for word in instruction.words:
                    name, _, value = word.partition("=")
                    path = image.env.get("PATH", environment()["PATH"])
                    image.env[name] = value.replace("$PATH", path)
            case "WORKDIR":
                image.folder = instruction.rest
                (image.root / image.folder.lstrip("/")).mkdir(
                    parents=True, exist_ok=True
                )
            case "USER":
                image.user = "0:0" if instruction.rest == "root" else instruction.rest
            case "ENTRYPOINT":
                image.entrypoint, image.command = instruction.words, []
            case "CMD":
                image.command = instruction.words
            case "HEALTHCHECK":
                command = instruction.rest.partition("CMD ")[2]
                image.health = Instruction("CMD", command).words
        seconds = time.monotonic() - started
        text = f"{instruction.name} {instruction.rest}"[:70]
        print(f"{stage:12} {seconds:6.1f} s  {text}", flush=True)

    def _run(self, image: Image, command: str) -> None:
        shell = f"cd {image.folder} && {command}"
        done = run_in(image.root, "/bin/sh", "-c", shell, env=image.env)
        if done.returncode:
            raise FailedError(f"RUN {command}\n{done.stdout[-3000:]}")

    def _copy(self, image: Image, instruction: Instruction) -> None:
        *sources, target = [w for w in instruction.words if not w.startswith("--")]
        origin = copy_source(instruction)
        base = self.images[origin].root if origin else self.context
        allowed = None if origin else allowed_in_context(self.path)
        place = image.root / os.path.join(image.folder, target).lstrip("/")  # noqa: PTH118
        for source in sources:
            if allowed is not None and source not in allowed:
                raise FailedError(f"COPY {source}: the ignore file keeps it out")
            found = base / source.lstrip("/")
            if found.is_dir():  # what is in it, as Docker does
                shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True)
            else:
                into = place if target.endswith("/") else place.parent
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, into / found.name)


def main() -> int:
    """Replay one Dockerfile; 0: its container works, 77: it can't be tried here."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--app", action="store_true", help="Home Assistant's app")
    parser.add_argument("--target", help="the stage to build, by default the last")
    parser.add_argument("--arch", choices=ARCHES, default=native_arch())
    parser.add_argument("--cpu", help="of qemu-x86_64: core2duo, Opteron_G3, Nehalem")
    options = parser.parse_args()
    try:
        with ExitStack() as stack:
            if options.app:
                context = stack.enter_context(app_context())
                builder = Builder(context / "Dockerfile", context, options.arch, stack)
                use_app(builder.build(options.target))
            else:
                builder = Builder(CONTAINER, ROOT, options.arch, stack)
                image = builder.build(options.target)
                use_container(image)
                if options.cpu:
                    use_old_cpu(image, options.cpu)
    except UnavailableError as err:
        print(f"can't be tried here: {err}")
        return SKIPPED
    except (FailedError, DockerfileError) as err:
        print(f"FAILED: {err}")
        return 1
    print("ok", flush=True)
    return 0


@contextmanager
def app_context() -> Iterator[Path]:
    """Yield the app's folder as the Supervisor sees it, and a wheel of ours in it."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "app"
        shutil.copytree(APP, context)
        wheel = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        _run([*wheel, "--no-build-isolation", "-w", str(context / "wheels"), str(ROOT)])
        yield context


def use_container(image: Image) -> None:
    """Run the container as compose.yaml does, and ask it for a caption."""
    uid, _, gid = image.user.partition(":")
    expect(uid.isdigit() and int(uid) > 0, "the container's user is not root")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _run(["cp", "-a", f"{image.root}/data/.", folder])
        os.chown(data, int(uid), int(gid))
        port = free_port()
        settings = {**image.env, "EDGE_CAPTIONS_PORT": str(port)}
        as_user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        inside = partial(_inside, image, data, as_user, settings)
        # the whole machine's network is the container's here: only this machine's port
        command = [*image.entrypoint, *image.command[:-1], "127.0.0.1"]
        served = entering(image.root, [*as_user, *command], data)
        with running(served, settings, port) as address:
            inside(*image.health)
            print("the health check passes")
            token = inside("edge-captions", "token", "create", "try").split()[-1]
            use_api(address, token)
            inside("sh", "-c", "! touch /opt/x 2>&1 && touch /tmp/x")


def _inside(
    image: Image, data: Path, as_user: list[str], env: dict[str, str], *command: str
) -> str:
    done = subprocess.run(  # noqa: S603
        entering(image.root, [*as_user, *command], data),
        env=environment(env),
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise FailedError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def use_old_cpu(image: Image, cpu: str) -> None:
    """Describe a photo on an emulated CPU, the worker on it as well."""
    shutil.copy2(qemu("x86_64"), image.root / "qemu")
    photo = image.root / "photo.jpg"
    shutil.copy2(PHOTO, photo)
    emulated = ["/qemu", "-cpu", cpu]
    python = "/opt/edge-captions/bin/python"
    # below a shell: a namespace's first process is spared by signals of its own
    below = ("sh", "-c", '"$@"; exit $?', "below", *emulated)
    trapped = run_in(image.root, *below, python, "-c", RUN_AVX).returncode
    expect(trapped in {-4, 132}, f"AVX is illegal on {cpu} (it ended with {trapped})")
    worker = {"EDGE_CAPTIONS_WORKER_COMMAND": " ".join((*emulated, python))}
    caption = ("-m", "edge_runtime", "caption", "--home", "/root/home", "/photo.jpg")
    started = time.monotonic()
    done = run_in(image.root, *below, python, *caption, env={**image.env, **worker})
    expect(done.returncode == 0, f"a caption on {cpu}:\n{done.stdout}")
    seconds = time.monotonic() - started
    line = next(line for line in done.stdout.splitlines() if line.endswith("."))
    print(f"{cpu}, under emulation, AVX is illegal: {seconds:.1f} s  {line}")


def use_app(image: Image) -> None:
    """Run the app as the Supervisor does; the token it hands over must count."""
    with tempfile.TemporaryDirectory() as folder, supervisor() as heard:
        data = Path(folder) / "data"
        data.mkdir()
        (data / "options.json").write_text(json.dumps({"threads": 1}), encoding="utf-8")
        for name in ("data", "config"):
            (image.root / name).mkdir(exist_ok=True)
        hosts = image.root / "etc" / "hosts"
        hosts.write_text("127.0.0.1 localhost supervisor\n", encoding="ascii")
        port = free_port()
        settings = {**image.env, "EDGE_CAPTIONS_PORT": str(port)}
        settings[KEY] = "of this app"
        command = [*image.entrypoint, *image.command]
        with running(entering(image.root, command, data), settings, port) as address:
            message = heard.get(timeout=60)
            expect(message["service"] == "edge_captions", "the Supervisor was told")
            expect(message["config"]["port"] == port, "and where")
            use_api(address, message["config"]["token"])
        owner = (data / "edge-captions.db").stat().st_uid
        expect(owner != 0, "the service has given up root")
        print(f"the app runs as user {owner} and handed its token over")


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise UnavailableError(f"{command[0]} failed: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(main())
