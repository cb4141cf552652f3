#!/usr/bin/env python3
"""Drive a real, headless Home Assistant with the integration, from onboarding on.

scripts/homeassistant_end_to_end.py --homeassistant-python FILE [--keep]

Starts `edge-captions serve` and Home Assistant, each in a process of its own and a home
that is thrown away; onboards; adds the integration and a camera; asks for a caption by
AI Task and by action. The first start of a new environment takes minutes: Home
Assistant installs what its default integrations need.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
import json
import os
from pathlib import Path
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any
import urllib.error
import urllib.parse
import urllib.request

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "edge_runtime" / "bundled" / "samples"
USER = {"name": "Owner", "username": "owner", "password": "testpass1", "language": "en"}
FLOWS = "/api/config/config_entries/flow"
START_S = 600.0


def main() -> int:
    """Run it all; print each answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homeassistant-python", required=True, type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="edge-captions-"))
    try:
        with serving(folder) as runtime, assistant(folder, options) as hass:
            drive(hass, runtime)
    finally:
        if options.keep:
            print("kept", folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def drive(hass: "HomeAssistant", runtime: str) -> None:
    """Add the integration and use it; raise SystemExit where an answer is wrong."""
    version = hass.get("/api/config")["version"]
    print("Home Assistant", version)
    flow = hass.post(FLOWS, {"handler": "edge_captions"})
    flow = hass.post(f"{FLOWS}/{flow['flow_id']}", {"url": runtime})
    expect(flow["type"] == "create_entry", flow)
    flow = hass.post(FLOWS, {"handler": "local_file"})
    values = {"name": "Yard", "file_path": str(SAMPLES / "coffee.jpg")}
    fields = [field["name"] for field in flow["data_schema"]]  # not the same each year
    flow = hass.post(
        f"{FLOWS}/{flow['flow_id']}", {name: values[name] for name in fields}
    )
    expect(flow["type"] == "create_entry", flow)
    camera = hass.wait_for_entity("camera.")
    hass.wait_for_entity("ai_task.edge_captions_captions")
    seen = hass.act("edge_captions/caption_image", {"entity_id": camera})
    print("caption_image", seen)
    expect(seen["caption"] and seen["model"], seen)
    task = {
        "task_name": "end to end",
        "entity_id": "ai_task.edge_captions_captions",
        "instructions": "Describe the picture.",
        "attachments": [
            {
                "media_content_id": f"media-source://camera/{camera}",
                "media_content_type": "image/jpeg",
            }
        ],
    }
    answer = hass.act("ai_task/generate_data", task)
    print("generate_data", answer)
    expect(answer["data"] == seen["caption"], answer)
    task["instructions"] = "How many spoons are there?"
    status, refusal = hass.call(
        "/api/services/ai_task/generate_data?return_response", task
    )
    print("a question", status, refusal)
    expect("can't answer" in str(refusal), refusal)
    state = hass.get("/api/states/sensor.edge_captions_captioner")
    expect(state["state"] == "tiny-captioner", state)
    print("1 passed, 0 failed")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Give the address of a runtime."""
    port = free_port()
    command = [str(ROOT / ".venv/bin/edge-captions"), "serve", "--port", str(port)]
    command += ["--home", str(folder / "home")]
    environ = {**os.environ, "EDGE_CAPTIONS_OFFLINE": "1"}
    with (folder / "runtime.log").open("wb") as log, running(command, environ, log):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def assistant(folder: Path, options: argparse.Namespace) -> Iterator["HomeAssistant"]:
    """Give a Home Assistant that is onboarded."""
    config, port = folder / "config", free_port()
    (config / ".storage").mkdir(parents=True)
    (config / "custom_components").mkdir()
    component = Path("custom_components/edge_captions")
    (config / component).symlink_to(ROOT / component)
    (config / "configuration.yaml").write_text(
        "homeassistant:\n  name: Test\n  time_zone: UTC\n  country: NL\n"
        f"  allowlist_external_dirs: [{json.dumps(str(SAMPLES))}]\n"
        "config:\nmedia_source:\nlogger: {default: warning}\n",
        encoding="utf-8",
    )
    (config / ".storage" / "http").write_text(json.dumps(_http(port)), encoding="utf-8")
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [str(options.homeassistant_python), "-W", "ignore", "-m", "homeassistant"]
    command += ["--config", str(config)]
    with (folder / "hass.log").open("wb") as log, running(command, environ, log):
        hass = HomeAssistant(f"http://127.0.0.1:{port}")
        try:
            hass.onboard()
            yield hass
        except BaseException:
            print((folder / "hass.log").read_text(errors="replace")[-4000:])
            raise


def _http(port: int) -> dict[str, Any]:
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


@contextmanager
def running(command: list[str], environ: dict[str, str], log: Any) -> Iterator[None]:
    """Keep a program running meanwhile."""
    process = subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


class HomeAssistant:
    """A Home Assistant reached over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token: str | None = None

    def call(
        self, path: str, data: dict[str, Any] | None = None, *, form: bool = False
    ) -> tuple[int, Any]:
        """Send GET (no data) or POST; return the status and the decoded body."""
        headers, body = {}, None
        if data is not None and form:
            body = urllib.parse.urlencode(data).encode()
        elif data is not None:
            body = json.dumps(data).encode()
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data=body, headers=headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=START_S) as response:  # noqa: S310
                status, text = response.status, response.read().decode()
        except urllib.error.HTTPError as err:
            status, text = err.code, err.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text[:500]

    def get(self, path: str) -> Any:
        """Return what is there."""
        return self._good(path, *self.call(path))

    def post(self, path: str, data: dict[str, Any], *, form: bool = False) -> Any:
        """Return the answer to a body."""
        return self._good(path, *self.call(path, data, form=form))

    def act(self, action: str, data: dict[str, Any]) -> Any:
        """Return an action's response."""
        answer = self.post(f"/api/services/{action}?return_response", data)
        return answer["service_response"]

    def wait_for_entity(self, start: str) -> str:
        """Return the id of the entity that begins so, as soon as it is there."""
        for _ in range(120):
            for state in self.get("/api/states"):
                if state["entity_id"].startswith(start):
                    return str(state["entity_id"])
            time.sleep(0.5)
        raise SystemExit(f"no entity {start} came")

    def onboard(self) -> None:
        """Wait for the API, create the owner and finish the steps."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self.call("/api/onboarding")[0] == HTTPStatus.OK:
                    break
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise SystemExit("Home Assistant did not start")
            time.sleep(0.5)
        client = f"{self.url}/"
        user = self.post("/api/onboarding/users", {"client_id": client, **USER})
        grant = {"grant_type": "authorization_code", "code": user["auth_code"]}
        tokens = self.post("/auth/token", {"client_id": client, **grant}, form=True)
        self.token = tokens["access_token"]
        redirect = {"client_id": client, "redirect_uri": client}
        for step, data in (("core_config", {}), ("analytics", {})):
            self.post(f"/api/onboarding/{step}", data)
        self.post("/api/onboarding/integration", redirect)

    def _good(self, path: str, status: int, answer: Any) -> Any:
        expect(status < HTTPStatus.BAD_REQUEST, f"{path}: {status} {answer}")
        return answer


def expect(holds: object, answer: object) -> None:
    """End with the answer if something does not hold."""
    if not holds:
        raise SystemExit(f"not as expected: {answer}")


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
