"""The manual names every command, option, setting and exit code, and stays true."""

import argparse
from dataclasses import fields
from pathlib import Path
import subprocess
import sys

import pytest

from edge_runtime.cli.exit_codes import ExitCode
from edge_runtime.cli.main import build_parser
from edge_runtime.config import Settings
from edge_runtime.schemas import CaptionResult, Verdict

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "command-line.md").read_text()
SETTINGS = (ROOT / "docs" / "configuration.md").read_text()
ARCHITECTURE = (ROOT / "edge_runtime" / "README.md").read_text()


def commands():
    (action,) = (
        a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)
    )
    return action.choices


def test_every_command_and_option_is_in_the_manual():
    for name, parser in commands().items():
        assert f"## {name}\n" in MANUAL
        for action in parser._actions:
            for option in action.option_strings[-1:]:
                assert option == "--help" or f"{option}" in MANUAL, (name, option)


def test_every_setting_is_in_the_manual():
    for field in fields(Settings):
        assert field.name == "home" or f"| `{field.name}` |" in SETTINGS, field.name


def test_every_key_verdict_and_exit_code_is_in_the_manual():
    for field in fields(CaptionResult):
        assert f"`{field.name}`" in MANUAL, field.name
    for verdict in Verdict:
        assert f"`{verdict.value}`" in MANUAL
    for code in ExitCode:
        assert f"| {code.value} |" in MANUAL


def test_the_front_page_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in page.read_text().split("](")[1:]:
            link = target.partition(")")[0].partition("#")[0]
            if link and "://" not in link:
                assert (page.parent / link).exists(), (page.name, link)


def test_every_dependency_earns_its_line():
    project = (ROOT / "pyproject.toml").read_text()
    block = project.partition("dependencies = [")[2].partition("\n]")[0]
    for line in block.splitlines():
        if line.strip().startswith('"'):
            name = line.strip().strip('"').split(">=")[0]
            assert f"| {name} |" in ARCHITECTURE, name


@pytest.mark.parametrize("script", ["write_docs.py", "pin_bundled_model.py"])
def test_what_scripts_write_is_up_to_date(script):
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
