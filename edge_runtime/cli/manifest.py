"""`edge-captions manifest check`: whether the list of models adds up."""

import argparse
from collections import Counter
import json
from pathlib import Path
from typing import Any, Final

from ..downloads.locate import BUNDLED_FOLDER
from ..errors import ManifestError
from ..inference.registry import FAMILIES, SESSIONS
from ..manifest import Manifest, load_manifest, manifest_path
from ..manifest.checks import check_manifest
from ..manifest.findings import Finding, Grade
from ..runtime import EdgeRuntime
from .exit_codes import ExitCode
from .output import Console

_STYLES: Final = {Grade.ERROR: "red", Grade.NOTE: "dim"}


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "manifest",
        help="check the list of models, models.yaml",
        description="Work on the list of models.",
    )
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    check = actions.add_parser(
        "check",
        parents=[common],
        help="find what is wrong with the list, and what is not known yet",
        description="Check form, hashes, sizes, licences, families, libraries and "
        "sources of numbers of every row. Exit code 1: something is wrong.",
    )
    check.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a list of your own, laid over the shipped one (default: the setting)",
    )
    check.add_argument(
        "--online",
        action="store_true",
        help="also compare names, sizes, hashes and revisions with what servers say",
    )
    check.add_argument("--json", action="store_true", help="machine-readable")
    check.set_defaults(run=run)


async def run(
    runtime: EdgeRuntime, options: argparse.Namespace, console: Console
) -> ExitCode:
    """Check the manifest and print what was found."""
    settings = runtime.settings
    manifest, findings = _read(options.file or settings.manifest)
    if manifest is not None:
        bundled = BUNDLED_FOLDER
        findings += check_manifest(
            manifest, frozenset(FAMILIES), frozenset(SESSIONS), bundled
        )
        if options.online and not settings.offline:
            # the network's library is for those who ask for it
            from ..downloads.online import check_online  # noqa: PLC0415

            findings += await check_online(manifest, settings)
    summary = _summary(manifest, findings)
    if options.json:
        document = {**summary, "findings": [item.to_dict() for item in findings]}
        console.print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(summary, findings, console)
    return ExitCode.PHOTO if summary["errors"] else ExitCode.OK


def _read(user: Path | None) -> tuple[Manifest | None, tuple[Finding, ...]]:
    try:
        return load_manifest(user), ()
    except ManifestError as err:
        return None, (Finding("form", None, err.message),)


def _summary(
    manifest: Manifest | None, findings: tuple[Finding, ...]
) -> dict[str, Any]:
    models = manifest.models if manifest else ()
    files = [file for spec in models for file in spec.files]
    grades = Counter(item.grade for item in findings)
    return {
        "manifest": str(manifest_path()),
        "models": len(models),
        "verified": sum(spec.verified for spec in models),
        "files": len(files),
        "hashes": sum(file.sha256 is not None for file in files),
        "errors": grades[Grade.ERROR],
        "notes": grades[Grade.NOTE],
    }


def _print(
    summary: dict[str, Any], findings: tuple[Finding, ...], console: Console
) -> None:
    for item in sorted(findings, key=lambda item: item.grade is Grade.NOTE):
        mark = console.style(f"{item.grade.value:5}", _STYLES[item.grade])
        where = f"  ({item.where})" if item.grade is Grade.ERROR and item.where else ""
        subject = f"{item.model_id}: " if item.model_id else ""
        console.print(f"{mark}  {subject}{item.sentence}  [{item.code}]{where}")
    console.print(
        f"{summary['models']} models, {summary['verified']} of them run by us; "
        f"{summary['files']} files, {summary['hashes']} with a known sha256"
    )
    errors = summary["errors"]
    verdict = f"{errors} wrong" if errors else "nothing is wrong"
    console.print(verdict, "red" if errors else "green", "bold")
