"""`edge-captions library`: as a client of the service, and on its own."""

import asyncio
from contextlib import closing
import json
import os
from pathlib import Path
import signal
import sqlite3
import sys

from library_helpers import put_photo, until
import pytest

from edge_runtime.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Return a function that runs the command in a home of its own."""
    monkeypatch.setenv("EDGE_CAPTIONS_THREADS", "1")

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["library", *arguments, "--home", str(tmp_path / "home")])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def two_photos(folder) -> Path:
    put_photo(folder / "a.jpg", "cat-face")
    put_photo(folder / "sub" / "b.png", "coffee")
    for path in folder.rglob("*.*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def test_a_folder_from_the_first_look_to_the_last_word(run, two_photos, tmp_path):
    status, out, err = run(
        "add", str(two_photos), "--name", "Two", "--policy", "suggest"
    )
    assert (status, out) == (0, f"watching {two_photos} as 'Two'\n")
    assert "edge-captions library caption" in err
    assert run("caption", "Two")[:2] == (0, "Two: 2 new\nTwo: 2 described\n")
    assert run("caption")[:2] == (0, "Two: nothing to do\nTwo: nothing to do\n")
    status, out, _ = run("status")
    assert "2 photos: 2 to review" in out
    assert run("accept", "--all")[:2] == (0, "Two: 2 accepted\n")
    status, out, _ = run("search", "cat")
    assert out.startswith(f"{two_photos}/a.jpg: ")
    output = tmp_path / "captions.jsonl"
    assert run("export", "--output", str(output))[0] == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert {row["paths"][0] for row in rows} == {
        str(two_photos / "a.jpg"),
        str(two_photos / "sub" / "b.png"),
    }
    assert all(row["origins"] == {"en": "accepted"} for row in rows)
    status, _, err = run("remove", "Two")
    assert (status, "2 photos have captions" in err) == (2, True)
    status, out, _ = run("remove", "Two", "--forget-captions")
    assert (status, out) == (0, "forgot 'Two'; its files are as they were\n")
    assert (two_photos / "a.jpg").exists()


def test_settings_are_changed_and_shown_as_json(run, two_photos):
    run("add", str(two_photos), "--no-watch")
    status, out, _ = run(
        "set", str(two_photos), "--language", "de", "--hours", "22:00-06:00",
        "--write-metadata", "sidecar", "--automatic",
    )  # fmt: skip
    assert (status, out) == (0, "changed 'photos'\n")
    (source,) = json.loads(run("status", "--json")[1])
    settings = source["settings"]
    assert (settings["language"], settings["watch"]) == ("de", False)
    assert settings["schedule"]["hours"] == "22:00-06:00"
    assert settings["write_metadata"] == "sidecar"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["scan"], 3, "no folder is watched yet: edge-captions library add FOLDER"),
        (
            ["scan", "nowhere"],
            3,
            "no watched folder has the path, name or id 'nowhere'",
        ),
        (["add", "/nowhere/at/all"], 2, "/nowhere/at/all: there is no such folder"),
        (["set", "x"], 3, "name a setting to change"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(run, arguments, code, words):
    status, out, err = run(*arguments)
    assert (status, out) == (code, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_a_wrong_hour_is_refused_by_name(run, two_photos):
    status, _, err = run("add", str(two_photos), "--hours", "late")
    assert status == 2
    assert "hours" in err


def test_a_photo_that_fails_is_named_and_makes_the_exit_code(run, folder):
    path = put_photo(folder / "cut.jpg")
    path.write_bytes(path.read_bytes()[:700])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    run("add", str(folder))
    status, out, err = run("caption")
    if "1 unreadable" in out:  # not even its header is whole
        pytest.skip("this photo's header ends later")
    assert status == 1
    assert "1 failed" in out
    assert "cut" in err


def suggestions_in(home: Path) -> int:
    with closing(sqlite3.connect(home / "edge-captions.db")) as database:
        return int(database.execute("SELECT count(*) FROM suggestions").fetchone()[0])


async def start(*arguments: str, home: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge_runtime", *arguments, "--home", str(home)),
        cwd=ROOT,
        env={**os.environ, "EDGE_CAPTIONS_THREADS": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.timeout(90)
async def test_while_a_service_runs_the_command_is_its_client(two_photos, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.yaml").write_text("port: 0\n")
    service = await start("serve", home=home)
    try:
        await until((home / "run.sock").exists, 40)
        adding = await start(
            "library", "add", str(two_photos), "--no-automatic", home=home
        )
        out, err = await adding.communicate()
        assert (adding.returncode, err) == (0, b""), err
        captioning = await start("library", "caption", "--json", home=home)
        out, err = await captioning.communicate()
        assert captioning.returncode == 0, err
        assert json.loads(out)["caption"]["captioned"] == 2
    finally:
        service.send_signal(signal.SIGTERM)
        await asyncio.wait_for(service.wait(), 20)


@pytest.mark.timeout(90)
async def test_ctrl_c_stops_and_the_same_command_goes_on(folder, tmp_path):
    for number in range(12):
        put_photo(folder / f"{number}.jpg", "koala", quality=50 + number)
        os.utime(folder / f"{number}.jpg", (1_700_000_000, 1_700_000_000))
    home = tmp_path / "home"
    adding = await start("library", "add", str(folder), home=home)
    await adding.communicate()
    first = await start("library", "caption", home=home)
    await until(lambda: suggestions_in(home), 60)
    first.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(first.communicate(), 30)
    if first.returncode == 0:
        pytest.skip("it was quicker than Ctrl-C")
    assert first.returncode == 130, err
    assert b"the same command goes on from here" in err
    again = await start("library", "caption", home=home)
    out, err = await again.communicate()
    assert again.returncode == 0, err
    status = await start("library", "status", "--json", home=home)
    out, _ = await status.communicate()
    counts = json.loads(out)[0]["counts"]
    assert (counts["photos"], counts["pending"], counts["undescribed"]) == (12, 12, 0)
