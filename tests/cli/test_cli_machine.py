"""`hardware`, `models`, `doctor` and `download` as people run them."""

import json

import pytest


def test_hardware_shows_this_machine_and_a_captured_one(cli):
    here = cli("hardware")
    assert here.code == 0
    assert "memory" in here.out
    there = cli("hardware", "--machine", "j1900-4gb")
    assert "J1900" in there.out
    facts = json.loads(cli("hardware", "--machine", "j1900-4gb", "--json").out)
    assert facts["cpu"]["x86_level"] == 2
    assert "avx" not in facts["cpu"]["features"]


def test_this_machine_can_be_captured_and_used_again(cli, tmp_path):
    path = tmp_path / "mine.yaml"
    assert cli("hardware", "--capture", path).code == 0
    here = json.loads(cli("hardware", "--json").out)
    again = json.loads(cli("hardware", "--machine", path, "--json").out)
    assert again["cpu"]["model_name"] == here["cpu"]["model_name"]
    assert again["cpu"]["features"] == here["cpu"]["features"]
    assert again["memory"]["total_bytes"] == here["memory"]["total_bytes"]
    assert cli("models", "--explain", "--machine", path).code == 0


def test_a_capture_that_cannot_be_written_is_an_error(cli, tmp_path):
    (tmp_path / "file").touch()
    ended = cli("hardware", "--capture", tmp_path / "file" / "x.yaml")
    assert ended.code == 3
    assert "can't be written" in ended.err


def test_an_unknown_machine_is_named_with_the_known_ones(cli):
    ended = cli("models", "--explain", "--machine", "pi4-2g")
    assert ended.code == 3
    assert "pi4-2gb" in ended.err


def test_the_list_of_models_marks_what_runs(cli):
    ended = cli("models")
    (row,) = [line for line in ended.lines if " tiny-captioner " in line]
    assert row.startswith(" * ")
    assert "CC-BY-NC-4.0" in row
    (row,) = [line for line in ended.lines if " florence-2-base-ft " in line]
    assert "not verified by us" in row


@pytest.mark.parametrize(
    "machine", ["pi-zero2w-512mb", "pi4-2gb", "j1900-4gb", "n100-16gb", "core2-2gb"]
)
def test_every_model_is_explained_on_every_machine(cli, machine):
    ended = cli("models", "--explain", "--machine", machine, "--json")
    assert ended.code == 0
    tasks = json.loads(ended.out)["selection"]["tasks"]
    captioner = next(task for task in tasks if task["task"] == "image-to-text")
    assert captioner["running"]["model"] == "tiny-captioner"
    better = captioner["recommended"]
    assert (better is None) == (machine == "pi-zero2w-512mb")
    slow_but_roomy = {"core2-2gb": "vit-gpt2"}
    expected = slow_but_roomy.get(machine, "florence-2-base-ft")
    assert better is None or better["model"] == expected
    for rejection in captioner["rejected"]:
        assert rejection["reasons"][0]["code"]
        assert rejection["reasons"][0]["sentence"]


def test_no_captioner_runs_without_wheels(cli):
    for machine in ("pi4-32bit", "alpine-vm"):
        ended = cli("models", "--explain", "--machine", machine, "--json")
        tasks = json.loads(ended.out)["selection"]["tasks"]
        captioner = next(task for task in tasks if task["task"] == "image-to-text")
        assert captioner["running"] is None


def test_doctor_runs_the_captioner_and_names_no_problem_here(cli):
    ended = cli("doctor", "--json")
    report = json.loads(ended.out)
    assert report["self_test"]["passed"], report["self_test"]
    assert len(set(report["self_test"]["captions"])) == 2
    assert report["running"]["image-to-text"] == "tiny-captioner"
    assert report["libraries"]["onnxruntime"]
    problems = [f for f in report["findings"] if f["severity"] == "error"]
    assert problems == []
    assert ended.code == 0


def test_doctor_for_people_explains_traps_with_their_cure(cli):
    ended = cli("doctor", OPENBLAS_CORETYPE="Haswell")
    assert ended.code == 0
    assert "OPENBLAS_CORETYPE" in ended.out
    assert "self-test of the captioner" in ended.out
    assert "nothing stands in the way" not in ended.out


def test_doctor_reports_a_worker_that_cannot_run(cli):
    ended = cli("doctor", EDGE_CAPTIONS_WORKER_COMMAND="/no/python")
    assert ended.code == 1
    assert "/no/python" in ended.out


def test_one_failed_check_does_not_switch_captions_off(cli, astronaut):
    assert cli("doctor", EDGE_CAPTIONS_WORKER_COMMAND="/bin/false").code == 1
    assert cli("caption", astronaut).code == 0
    assert cli("doctor").code == 0


def test_doctor_can_leave_the_model_alone(cli):
    ended = cli("doctor", "--no-model", "--json")
    assert json.loads(ended.out)["self_test"] is None


def test_doctor_measures_the_machine_when_asked(cli):
    def speed(*options):
        ended = cli("doctor", "--no-model", *options)
        assert ended.code == 0
        return "\n".join(ended.lines)

    assert "guessed from the processor" in speed()
    measured = speed("--benchmark")
    assert "measured here once" in measured
    assert "GOP/s int8" in measured
    again = json.loads(speed("--json"))["speed"]
    assert again["runs"] == 1
    assert again["one"]["fp32_gops"] > 0


def test_doctor_says_why_it_could_not_measure(cli):
    ended = cli(
        "doctor",
        "--no-model",
        "--benchmark",
        EDGE_CAPTIONS_WORKER_COMMAND="/no/python",
    )
    assert ended.code == 1
    assert "the benchmark did not run" in ended.out
    assert "Traceback" not in ended.err


def test_download_says_what_it_would_do(cli):
    ended = cli("download", "--dry-run", "florence-2-base-ft")
    assert ended.code == 0
    assert len(ended.lines) >= 4
    assert all("fetch" in line for line in ended.lines)


def test_download_verifies_the_built_in_model(cli):
    ended = cli("download", "--verify", "tiny-captioner")
    assert ended.code == 0
    assert "as the manifest says" in ended.out


def test_download_of_what_is_here_does_nothing(cli):
    ended = cli("download", "tiny-captioner")
    assert ended.code == 0
    assert "already here" in ended.err


def test_download_needs_a_name_and_knows_its_models(cli):
    assert cli("download").code == 2
    ended = cli("download", "smolvlm")
    assert ended.code == 4
    assert "unknown model 'smolvlm'" in ended.err


def test_download_offline_is_one_clear_line(cli):
    ended = cli("download", "--offline", "florence-2-base-ft")
    assert ended.code == 4
    errors = [line for line in ended.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "offline" in errors[0]


def test_download_asks_for_a_licence(cli):
    ended = cli("download", "--offline", "lfm2.5-350m")
    assert ended.code == 4
    assert "licen" in ended.err.lower()
    assert "--accept-license" in ended.err
    again = cli("download", "--offline", "--accept-license", "lfm2.5-350m")
    assert "offline" in again.err


def test_prune_and_remove_tell_what_came_free(cli, home):
    folder = home / "models" / "unknown-model"
    folder.mkdir(parents=True)
    (folder / "weights.onnx").write_bytes(b"x" * 4998)
    (folder / "installed.json").write_text("{}")
    for options in (["--prune"], ["--prune", "--yes", "--dry-run"]):
        ended = cli("download", *options)  # off a terminal nobody can be asked
        assert ended.code == 0
        assert "would remove unknown-model" in ended.out
        assert folder.exists()
    ended = cli("download", "--prune", "--yes")
    assert "removed unknown-model" in ended.out
    assert "5 kB freed" in ended.out
    assert not folder.exists()
    assert cli("download", "--remove", "florence-2-base-ft").code == 0


def test_options_that_contradict_each_other_are_refused(cli):
    for arguments in (
        ("download", "--verify", "--remove", "tiny-captioner"),
        ("download", "--yes", "tiny-captioner"),
        ("hardware", "--machine", "pi4-2gb", "--capture", "x.yaml"),
        ("caption", "--language", "english", "x.jpg"),
    ):
        ended = cli(*arguments)
        assert ended.code == 2, arguments
        assert ended.err.startswith("error:")


def test_what_is_built_in_stays_and_nothing_to_do_is_said(cli):
    assert "built in and stays" in cli("download", "--remove", "tiny-captioner").out
    assert "is not here" in cli("download", "--remove", "vit-gpt2").out
    assert "nothing to remove" in cli("download", "--prune", "--yes").out


def test_verify_looks_at_damaged_models_too(cli, home):
    folder = home / "models" / "florence-2-base-ft"
    folder.mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}")
    ended = cli("download", "--verify")
    assert ended.code == 4
    assert "florence-2-base-ft: " in ended.err


def test_a_capture_is_found_by_any_name(cli, tmp_path):
    path = tmp_path / "capture-without-suffix"
    cli("hardware", "--capture", path)
    assert cli("hardware", "--machine", path).code == 0
