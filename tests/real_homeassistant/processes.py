"""The programs in processes of their own: the runtime, a headless Home Assistant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import shutil
import socket
import sys
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "edge_runtime" / "bundled" / "samples"
COMPONENT = Path("custom_components/edge_captions")
RESTART = 100
"""Exit status that asks to be started again."""
_CONFIGURATION = """\
homeassistant:
  name: Home
  latitude: 45.87
  longitude: 10.88
  elevation: 90
  time_zone: UTC
  country: IT
  media_dirs: {{local: {media}}}
  allowlist_external_dirs: [{media}]
frontend:
config:
media_source:
system_health:
automation: !include automations.yaml
input_boolean:
  motion: {{name: Motion}}
script:
  phone:
    alias: Phone
    mode: queued
    fields: {{message: {{}}, title: {{}}, data: {{}}}}
    sequence:
      - action: persistent_notification.create
        data:
          notification_id: "{{{{ (data | default({{}})).tag | default('edge') }}}}"
          title: "{{{{ title | default('Home') }}}}"
          message: "{{{{ message }}}}"
logger: {{default: warning}}
"""

_ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config"]},
}
"""The step that adds weather, radio and speech of the internet counts as done."""


class Program:
    """A program whose output goes into a file."""

    def __init__(self, command: list[str], log: Path, environ: dict[str, str]) -> None:
        self._command = command
        self.log = log
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def ended(self, seconds: float = 60) -> int:
        """Wait until the program has ended by itself; return its status."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await self.ended(30)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def said(self) -> str:
        return self.log.read_text(errors="replace")


AnyProgram = TypeVar("AnyProgram", bound=Program)


class Runtime(Program):
    """`edge-captions serve` as its README says, on a home that is thrown away."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._home = folder / "home"
        environ = {
            **_environ(),
            "EDGE_CAPTIONS_HOME": str(self._home),
            "EDGE_CAPTIONS_OFFLINE": "1",
            "EDGE_CAPTIONS_ANNOUNCE": "0",
        }
        # the whole network: so that every request needs a token
        arguments = ["serve", "--host", "0.0.0.0", "--port", str(self.port)]  # noqa: S104
        super().__init__(_cli(*arguments), folder / "runtime.log", environ)

    async def start(self) -> None:
        await super().start()
        async with asyncio.timeout(60):
            while "listening at http://" not in self.said():  # noqa: ASYNC110 - a log
                await asyncio.sleep(0.1)

    async def run(self, *arguments: str) -> str:
        """Run a command on the runtime's machine; return what it prints."""
        process = await asyncio.create_subprocess_exec(
            *_cli(*arguments),
            cwd=ROOT,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()
        return told.decode()


class Assistant(Program):
    """Home Assistant with the integration in its configuration folder."""

    def __init__(self, folder: Path, python: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "config"
        self.media = folder / "media"
        self._write_configuration()
        command = [python, "-W", "ignore", "-m", "homeassistant", "--skip-pip"]
        command += ["--config", str(self.config)]
        super().__init__(command, folder / "homeassistant.log", _environ())

    def _write_configuration(self) -> None:
        shutil.copytree(SAMPLES, self.media)
        storage, component = self.config / ".storage", self.config / COMPONENT
        storage.mkdir(parents=True)
        component.parent.mkdir()
        component.symlink_to(ROOT / COMPONENT)
        blueprints = self.config / "blueprints" / "automation" / "edge_captions"
        shutil.copytree(ROOT / COMPONENT / "blueprints" / "automation", blueprints)
        (self.config / "automations.yaml").write_text("[]\n")
        text = _CONFIGURATION.format(media=json.dumps(str(self.media)))
        (self.config / "configuration.yaml").write_text(text)
        (storage / "http").write_text(json.dumps(_web_server(self.port)))
        (storage / "onboarding").write_text(json.dumps(_ONBOARDING))


@asynccontextmanager
async def running(program: AnyProgram) -> AsyncIterator[AnyProgram]:
    """Keep a program running meanwhile."""
    await program.start()
    try:
        yield program
    finally:
        await program.stop()


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cli(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "edge_runtime", *arguments]


def _environ() -> dict[str, str]:
    """With that variable Home Assistant would compile itself at every start."""
    left_out = {"PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START", "COVERAGE_FILE"}
    return {name: v for name, v in os.environ.items() if name not in left_out}


def _web_server(port: int) -> dict:
    """Return ready settings: those in YAML are a trial that restarts by itself."""
    stable = {
        "server_port": port,
        "server_host": ["127.0.0.1"],
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    return {"version": 2, "minor_version": 2, "key": "http", "data": data}
