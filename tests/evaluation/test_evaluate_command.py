"""The whole command with the real worker on the bundled photos."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from evaluations import command, make_dataset, read_captions, write_captions


def lines_of(home: Path) -> list[bytes]:
    """Return the result lines of the one work file."""
    files = list((home / "evaluations").glob("*.jsonl"))
    return files[0].read_bytes().splitlines(keepends=True)[1:] if files else []


def start(home: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    )


def wait_for_results(process: subprocess.Popen[str], home: Path, count: int) -> None:
    while len(lines_of(home)) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def test_eight_photos_are_captioned_scored_and_shown(evaluate, samples, home, tmp_path):
    found, page = tmp_path / "out" / "found.json", tmp_path / "out" / "page.html"
    ended = evaluate(samples, "--json", found, "--html", page)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("samples park: 8 photos with 2 references each\n")
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "METEOR: left out, --no-meteor was given" in ended.err
    document = json.loads(found.read_text())
    (model,) = document["models"]
    assert model["model"] == "tiny-captioner"
    assert model["verdicts"]
    assert model["caption"]["cider_d"] > 0.05
    assert model["seconds"]["p95"] >= model["seconds"]["median"] > 0
    assert {"decode", "encode", "generate"} <= set(model["stages"])
    assert 30e6 < model["worker_peak_bytes"] < 400e6
    # the captions as shown, then the captioner's own words
    row, _ = (line.split() for line in ended.out.splitlines() if "CIDEr-D" in line)
    assert row == ["CIDEr-D", f"{model['caption']['cider_d']:.4f}"]
    assert [row["name"] for row in document["photos"]] == list(read_captions(samples))
    assert "dog" in document["photos"][0]["results"]["tiny-captioner"]["raw_caption"]
    assert "Two white dogs" in page.read_text()
    assert len(lines_of(home)) == 8


def test_a_killed_evaluation_goes_on_where_it_was(tmp_path, home, evaluate):
    place = make_dataset(tmp_path / "many", copies=6)
    process = start(home, place)
    wait_for_results(process, home, 5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = lines_of(home)
    whole = [line for line in before if line.endswith(b"\n")]
    assert 5 <= len(whole) < 48
    (file,) = (home / "evaluations").glob("*.jsonl")
    with file.open("ab") as work:
        work.write(b'{"size": 12, "mtime_')
    found = tmp_path / "found.json"
    ended = evaluate(place, "--json", found)
    assert ended.code == 0, ended.err
    after = lines_of(home)
    assert after[: len(whole)] == whole  # untouched, and made only once
    names = [json.loads(line)["result"]["name"] for line in after]
    assert sorted(names) == sorted(read_captions(place))
    assert len(json.loads(found.read_text())["photos"]) == 48


def test_a_second_run_asks_no_worker_and_fresh_asks_again(evaluate, samples, home):
    first = evaluate(samples)
    before = lines_of(home)
    again = evaluate(samples)
    assert again.out == first.out
    assert lines_of(home) == before
    assert evaluate(samples, "--fresh").code == 0
    assert lines_of(home) != before
    assert len(lines_of(home)) == 8


def test_a_limit_is_extended_without_doing_the_first_ones_again(
    evaluate, samples, home
):
    assert "3 photos" in evaluate(samples, "--limit", 3).out
    before = lines_of(home)
    assert len(before) == 3
    assert "8 photos" in evaluate(samples).out
    assert lines_of(home)[:3] == before


def test_ctrl_c_says_how_to_go_on(tmp_path, home):
    place = make_dataset(tmp_path / "many", copies=200)
    process = start(home, place)
    wait_for_results(process, home, 3)
    for _ in range(3):  # as a person presses it again if nothing happens
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=5)
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 130
    assert "of 1600 photos are done; the same command goes on from there" in errors
    assert "Traceback" not in errors


def test_two_at_once_are_told_apart(tmp_path, home, evaluate):
    place = make_dataset(tmp_path / "many", copies=100)
    process = start(home, place)
    try:
        wait_for_results(process, home, 1)
        ended = evaluate(place)
    finally:
        process.kill()
        process.communicate()
    assert ended.code == 3
    assert "another process is making this evaluation" in ended.err


def test_a_broken_photo_is_counted_listed_and_scored_as_empty(
    evaluate, samples, tmp_path
):
    name = list(read_captions(samples))[1]
    (samples / "park" / name).unlink()
    (samples / "park" / name).write_bytes(b"no picture")
    found = tmp_path / "found.json"
    ended = evaluate(samples, "--json", found)
    assert ended.code == 1
    assert "1 photo without a caption, scored as an empty one" in ended.err
    assert name in ended.err
    document = json.loads(found.read_text())
    assert document["models"][0]["failed"] == 1
    row = document["photos"][1]["results"]["tiny-captioner"]
    assert row["error"]["code"] == "photo_format_unsupported"
    assert row["scores"]["caption"]["cider_d"] == 0


def dying_worker(tmp_path: Path, condition: str) -> str:
    """Return a worker command whose fake worker kills itself on some photos."""
    script = tmp_path / "fake_dying_worker.py"
    script.write_text(
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from edge_runtime.inference import worker\n"
        "marker, real = Path(sys.argv[1]), worker.Worker._caption\n"
        "def caption(self, job, payload):\n"
        f"    if {condition}:\n"
        "        marker.touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, job, payload)\n"
        "worker.Worker._caption = caption\n"
        "sys.exit(worker.main())\n"
    )
    return f"{sys.executable} {script} {tmp_path / 'killed'}"


def test_a_worker_that_dies_once_costs_nothing(evaluate, samples, tmp_path):
    worker = dying_worker(tmp_path, "'roots' in job.path and not marker.exists()")
    ended = evaluate(samples, "--limit", 4, EDGE_CAPTIONS_WORKER_COMMAND=worker)
    assert (tmp_path / "killed").exists()
    assert ended.code == 0, ended.err


def test_a_photo_that_kills_its_worker_twice_has_no_caption(
    evaluate, samples, tmp_path, home
):
    worker = dying_worker(tmp_path, "'roots' in job.path")
    ended = evaluate(samples, "--limit", 4, EDGE_CAPTIONS_WORKER_COMMAND=worker)
    assert ended.code == 1
    assert "ended by SIGKILL" in ended.err
    assert len(lines_of(home)) == 4


def test_a_worker_that_dies_on_every_photo_ends_the_evaluation(
    evaluate, samples, tmp_path, home
):
    worker = dying_worker(tmp_path, "True")
    ended = evaluate(samples, EDGE_CAPTIONS_WORKER_COMMAND=worker)
    assert ended.code == 5
    assert "error: the worker was ended by SIGKILL" in ended.err
    assert len(lines_of(home)) == 2  # the third in a row is no photo's fault


def test_mistakes_are_one_line_before_any_work(evaluate, samples, home, tmp_path):
    (tmp_path / "file").touch()
    cases = [
        (2, "--embed goes with --html", ["--embed"]),
        (2, "'0' is no number of photos", ["--limit", 0]),
        (3, "can't be written", ["--json", tmp_path / "file" / "x.json"]),
        (3, "is a folder", ["--html", tmp_path]),
        (3, "there is no such folder", ["--images", tmp_path / "nowhere"]),
        (4, "did you mean 'tiny-captioner'", ["--model", "tiny-captionr"]),
        (4, "not a captioner", ["--model", "opus-mt-en-de"]),
        (4, "edge-captions download vit-gpt2", ["--model", "vit-gpt2"]),
    ]
    for code, words, options in cases:
        ended = evaluate(samples, *options)
        assert ended.code == code, (options, ended.err)
        assert words in ended.err
        assert ended.out == ""
    assert not (home / "evaluations").exists()
    ended = evaluate(tmp_path / "missing")
    assert ended.code == 3
    assert "there is no such file or folder" in ended.err


def test_absent_photos_are_an_error_unless_they_may_be_skipped(evaluate, samples):
    captions = read_captions(samples)
    write_captions(samples, {"absent.jpg": ["a dog"], **captions})
    ended = evaluate(samples)
    assert ended.code == 3
    assert "1 of 9 photos are not in" in ended.err
    ended = evaluate(samples, "--skip-missing", "--limit", 2)
    assert ended.code == 0
    assert "absent and skipped: 1 photo" in ended.err


def test_the_parent_imports_no_library_of_the_worker(samples, home):
    program = (
        "import sys\n"
        "from edge_runtime.cli import main\n"
        f"main(['evaluate', {str(samples)!r}, '--limit', '1', '--no-meteor'])\n"
        "heavy = {'numpy', 'PIL', 'onnxruntime', 'aiohttp', 'pycocoevalcap'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "EDGE_CAPTIONS_HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr


def test_other_commands_do_not_pay_for_scoring():
    program = (
        "import sys, edge_runtime.cli\n"
        "assert 'edge_runtime.evaluation' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
