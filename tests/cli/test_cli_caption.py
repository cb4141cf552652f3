"""`edge-captions caption` as people and scripts run it, on the embedded model."""

import fcntl
import os
from pathlib import Path
import pty
import struct
import subprocess
import sys
import termios
import time
import zlib

import pytest

OWN_MODEL = """
schema_version: 1
models:
  - id: mine
    task: image-to-text
    family: encoder_decoder
    library: onnxruntime
    format: onnx
    tuning: finetuned
    languages: [en]
    license: MIT
    quality: {score: 99, source: made up}
    requires: {memory_bytes: 120000000}
    preprocess: {size: [224, 224], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
    files:
      - path: encoder.onnx
        bytes: 1000
        sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        sources:
          - url: http://127.0.0.1:9/encoder.onnx
"""


@pytest.fixture
def bad(tmp_path: Path) -> dict[str, Path]:
    """Return one photo of each kind that can't be captioned."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("Dear diary,\n" * 50)
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bomb + b"\0" * 99)
    return {path.stem: path for path in folder.iterdir()} | {
        "missing": folder / "missing.jpg",
        "folder": folder,
    }


def test_a_photo_gets_one_sentence_and_the_reason_for_its_model(cli, astronaut):
    ended = cli("caption", astronaut)
    assert ended.code == 0
    (sentence,) = ended.lines
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert len(sentence.split()) >= 4
    assert "tiny-captioner (built in): needs" in ended.err
    assert "the best of 2 installed captioners" in ended.err


def test_several_photos_are_told_apart_by_their_paths(cli, astronaut):
    ended = cli("caption", astronaut, astronaut)
    assert [line.partition(": ")[0] for line in ended.lines] == [str(astronaut)] * 2


def test_json_has_one_object_a_line_with_every_promised_key(cli, astronaut):
    ended = cli("caption", "--json", astronaut)
    (found,) = ended.objects
    wanted = {"path", "caption", "raw_caption", "language", "model", "verdict"}
    assert wanted | {"doubted", "seconds"} <= set(found)
    assert found["path"] == str(astronaut)
    assert found["model"] == "tiny-captioner"
    assert found["verdict"] in {"sure", "unsure", "none"}
    assert found["scorer"] == "tiny-scorer"
    assert 0 < found["image_text_score"] < 1
    assert found["log_probability"] < 0
    assert found["seconds"] > 0


def test_without_a_check_the_caption_is_the_captioners_own(cli, astronaut):
    (found,) = cli("caption", "--json", "--no-verify", astronaut).objects
    assert (found["verdict"], found["scorer"]) == ("unchecked", None)
    assert found["caption"].lower().rstrip(".") == found["raw_caption"].lower()


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("missing", "photo_not_found", "missing.jpg"),
        ("folder", "photo_is_a_folder", "folder"),
        ("empty", "photo_empty", "empty"),
        ("text", "photo_format_unsupported", "text"),
        ("bomb", "photo_too_large", "60"),
    ],
)
def test_bad_input_is_one_line_and_an_exit_code(cli, bad, kind, code, words):
    ended = cli("caption", "--json", bad[kind])
    assert ended.code == 1
    (found,) = ended.objects
    assert found["error"]["code"] == code
    errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert str(bad[kind]) in errors[0]
    assert words in errors[0]


def test_a_truncated_photo_is_damaged(cli, astronaut, tmp_path):
    cut = tmp_path / "cut.jpg"
    data = astronaut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    ended = cli("caption", "--json", cut)
    assert ended.code == 1
    assert ended.objects[0]["error"]["code"] == "photo_damaged"


def test_broken_photos_do_not_stop_the_others(cli, bad, astronaut):
    ended = cli("caption", "--json", bad["missing"], astronaut, bad["text"], astronaut)
    assert ended.code == 1
    kinds = ["error" if "error" in found else "caption" for found in ended.objects]
    assert kinds == ["error", "caption", "error", "caption"]


def test_an_unknown_model_is_named_with_the_nearest(cli, astronaut):
    ended = cli("caption", "--model", "tiny-captionr", astronaut)
    assert ended.code == 4
    assert "did you mean 'tiny-captioner'?" in ended.err
    assert ended.out == ""


def test_a_pinned_model_that_this_version_cannot_run_says_so(cli, astronaut, tmp_path):
    manifest = tmp_path / "mine.yaml"
    manifest.write_text(OWN_MODEL.replace("encoder_decoder", "of_a_later_version"))
    environ = {"EDGE_CAPTIONS_MANIFEST": str(manifest)}
    ended = cli("caption", "--model", "mine", astronaut, **environ)
    assert ended.code == 4
    assert "mine is of the family of_a_later_version" in ended.err
    assert "download" not in ended.err


def test_a_pinned_model_that_is_missing_says_how_to_get_it(cli, astronaut, tmp_path):
    manifest = tmp_path / "mine.yaml"
    manifest.write_text(OWN_MODEL)
    environ = {"EDGE_CAPTIONS_MANIFEST": str(manifest)}
    ended = cli("caption", "--model", "mine", astronaut, **environ)
    assert ended.code == 4
    assert "edge-captions download mine" in ended.err
    ended = cli("caption", astronaut, **environ)
    assert ended.code == 0
    assert "edge-captions download mine" in ended.err


def test_a_pinned_model_of_another_task_is_refused(cli, astronaut):
    ended = cli("caption", "--model", "opus-mt-en-de", astronaut)
    assert ended.code == 4
    assert "is a model for translation, not a captioner" in ended.err
    assert "tiny-captioner" in ended.err


def test_a_name_that_is_no_utf8_is_captioned(cli, astronaut, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m.jpg")
    Path(name).write_bytes(astronaut.read_bytes())
    for environ in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        ended = cli("caption", name, name, **environ)
        assert ended.code == 0, ended.err
        assert len(ended.lines) == 2
        assert "\x1b[31m" not in ended.out
    ended = cli("caption", "--json", name)
    assert ended.objects[0]["path"] == name


def test_too_little_memory_is_one_line_that_says_so(cli, astronaut):
    ended = cli("caption", astronaut, EDGE_CAPTIONS_MEMORY_LIMIT_MIB="32")
    assert ended.code == 4
    assert "tiny-captioner needs" in ended.err
    pinned = ("caption", "--model", "tiny-captioner", astronaut)
    ended = cli(*pinned, EDGE_CAPTIONS_MEMORY_LIMIT_MIB="32")
    assert ended.code == 5
    assert "that it may use, and was ended" in ended.err


def test_a_photo_that_may_not_be_read_is_one_line(astronaut, tmp_path, home):
    photo = tmp_path / "private.jpg"
    photo.write_bytes(astronaut.read_bytes())
    photo.chmod(0)
    command = [sys.executable, "-m", "edge_runtime", "caption", "--json", photo]
    if os.geteuid() == 0:  # root may read everything, unless it gives that up
        lost = "-dac_override,-dac_read_search"
        command = ["setpriv", "--bounding-set", lost, *command]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    )
    assert done.returncode == 1, done.stderr
    assert "photo_unreadable" in done.stdout
    assert "no permission to read it" in done.stderr


def test_a_home_that_may_not_be_entered_is_one_line(astronaut, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    done = subprocess.run(
        [sys.executable, "-m", "edge_runtime", "caption", astronaut],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(blocked / "home")},
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in {0, 3}


@pytest.mark.parametrize(
    ("answer", "code"), [(b"\x04", 4), (b"n\n", 4), (b"\x03", 130)]
)
def test_a_download_is_asked_for_and_can_be_refused(
    astronaut, home, tmp_path, answer, code
):
    manifest = tmp_path / "mine.yaml"
    manifest.write_text(OWN_MODEL)
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "edge_runtime", "caption", "--model", "mine"]
    with subprocess.Popen(
        [*command, astronaut],
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        env={
            **os.environ,
            "EDGE_CAPTIONS_HOME": str(home),
            "EDGE_CAPTIONS_MANIFEST": str(manifest),
        },
    ) as process:
        os.close(child)
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(parent, 4096)
        time.sleep(0.5)  # a person is not faster; it waits for input by now
        os.write(parent, answer)
        assert process.wait(timeout=20) == code
    os.close(parent)


def test_the_stage_can_be_switched_off(cli, astronaut, home):
    home.mkdir()
    (home / "config.yaml").write_text("selection: {image-to-text: none}\n")
    ended = cli("caption", astronaut)
    assert ended.code == 4
    assert "switched off" in ended.err


def test_another_language_without_a_translator_stays_english_and_says_so(
    cli, astronaut
):
    ended = cli("caption", "--json", "--language", "de", astronaut)
    assert ended.code == 0
    assert ended.objects[0]["language"] == "en"
    assert "stays in 'en'" in "".join(ended.objects[0]["notes"])


def test_broken_settings_name_file_and_line(cli, astronaut, home):
    home.mkdir()
    (home / "config.yaml").write_text("language: en\nthreads: [\n")
    ended = cli("caption", astronaut)
    assert ended.code == 3
    assert "config.yaml:" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_broken_manifest_names_file_and_line(cli, astronaut, tmp_path):
    manifest = tmp_path / "mine.yaml"
    manifest.write_text("schema_version: 1\nmodels:\n  - idd: x\n")
    ended = cli("caption", astronaut, EDGE_CAPTIONS_MANIFEST=str(manifest))
    assert ended.code == 3
    assert "mine.yaml:3" in ended.err


def test_a_worker_that_cannot_start_is_one_line(cli, astronaut):
    ended = cli("caption", astronaut, EDGE_CAPTIONS_WORKER_COMMAND="/no/python")
    assert ended.code == 5
    assert "error: /no/python: the worker can't be started" in ended.err


def test_a_killed_worker_costs_one_photo_only(cli, astronaut, tmp_path):
    """The fake command below kills the real worker at its second photo, once."""
    marker = tmp_path / "killed"
    script = tmp_path / "fake_dying_worker.py"
    script.write_text(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from edge_runtime.inference import worker\n"
        "marker, real = Path(sys.argv[1]), worker.Worker._caption\n"
        "def caption(self, job, payload):\n"
        "    if 'second' in job.path and not marker.exists():\n"
        "        marker.touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, job, payload)\n"
        "worker.Worker._caption = caption\n"
        "sys.exit(worker.main())\n"
    )
    second = tmp_path / "second.jpg"
    second.write_bytes(astronaut.read_bytes())
    ended = cli(
        "caption",
        "--json",
        astronaut,
        second,
        astronaut,
        EDGE_CAPTIONS_WORKER_COMMAND=f"{sys.executable} {script} {marker}",
    )
    assert ended.code == 5
    assert ended.objects[1]["error"]["code"] == "worker_crashed"
    assert "SIGKILL" in ended.objects[1]["error"]["message"]
    assert "caption" in ended.objects[0]
    assert "caption" in ended.objects[2]


def test_wrong_usage_is_exit_code_2(cli):
    ended = cli("caption")
    assert ended.code == 2
    assert "error:" in ended.err
    ended = cli("captoin", "x")
    assert ended.code == 2


def test_a_photo_that_looks_like_an_option_can_be_named(cli, tmp_path):
    ended = cli("caption", "--", "-v.jpg")
    assert ended.code == 1
    assert "-v.jpg" in ended.err


def test_a_terminal_gets_colour_and_a_progress_bar(astronaut, home):
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_runtime", "caption", astronaut, astronaut],
        stdin=child,
        stdout=child,
        stderr=child,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home), "TERM": "xterm"},
    )
    os.close(child)
    seen = b""
    while True:
        try:
            block = os.read(parent, 4096)
        except OSError:
            break
        if not block:
            break
        seen += block
    os.close(parent)
    assert process.wait(timeout=20) == 0
    text = seen.decode()
    assert "\x1b[1m" in text
    assert "of 2 photos" in text


def test_the_reader_of_the_output_may_leave(astronaut, home):
    command = [sys.executable, "-m", "edge_runtime", "models"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors


def test_the_parent_imports_no_inference_library(home, astronaut):
    program = (
        "import sys\n"
        "from edge_runtime.cli import main\n"
        f"code = main(['caption', {str(astronaut)!r}])\n"
        "heavy = {'numpy', 'PIL', 'onnxruntime', 'aiohttp', 'pi_heif', 'psutil',\n"
        "         'huggingface_hub'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr


def test_nothing_is_written_into_the_home_of_the_user(astronaut, tmp_path):
    """onnxruntime would store a device id and a queue of reports there."""
    user = tmp_path / "user"
    user.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "edge_runtime", "caption", astronaut],
        capture_output=True,
        check=False,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("EDGE_")},
            "HOME": str(user),
        },
    )
    assert done.returncode == 0
    assert list(user.rglob("*")) == []


def test_a_closed_output_is_no_crash(astronaut, home):
    command = f'"{sys.executable}" -m edge_runtime caption "{astronaut}" >&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
