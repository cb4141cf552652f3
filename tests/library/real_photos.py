"""Real photos of many makers and kinds: test material of exiv2 and exiftool.

They come from Debian's source packages, are kept below `.cache` and are no part of this
repository.
"""

from pathlib import Path
import re
import shutil
import subprocess
import tarfile

import pytest

from edge_runtime.watcher import is_photo

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "debian-photos"
PACKAGES = ("exiv2", "libimage-exiftool-perl")
FIXTURES = ROOT / "tests" / "fixtures"
_LISTS = Path("/etc/apt")


def debian_photos() -> list[Path]:
    """Return the packages' photos, fetched once; skip where they can't be had."""
    unpacked = CACHE / "unpacked"
    if not unpacked.exists():
        _fetch(CACHE)
        temporary = CACHE / "unpacking"
        shutil.rmtree(temporary, ignore_errors=True)
        for archive in sorted(CACHE.glob("*.orig.tar.*")):
            with tarfile.open(archive) as tar:
                tar.extractall(temporary, filter="data")
        temporary.rename(unpacked)
    return [path for path in sorted(unpacked.rglob("*")) if _is_photo(path)]


def fill(folder: Path) -> list[Path]:
    """Copy all real photos there are into a folder, in folders of their own."""
    unpacked = CACHE / "unpacked"
    pairs = {path: path.relative_to(unpacked) for path in debian_photos()}
    for name in ("photos", "images"):
        base = FIXTURES / name
        found = filter(_is_photo, sorted(base.rglob("*")))
        pairs |= {path: Path("ours", name, path.relative_to(base)) for path in found}
    return [_copy(path, folder / place) for path, place in pairs.items()]


def _is_photo(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and is_photo(path.name.encode())


def _copy(path: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)
    target.chmod(0o644)
    return target


def _fetch(cache: Path) -> None:
    program = shutil.which("apt-get")
    sources = _source_packages()
    if program is None or not sources:
        pytest.skip("needs Debian's apt-get to fetch photos of exiv2 and exiftool")
    for part in ("parts", "lists/partial", "packages"):
        (cache / part).mkdir(parents=True, exist_ok=True)
    (cache / "parts" / "source.sources").write_text(sources)
    command = [
        program, "-q",
        "-o", "Dir::Etc::SourceList=/dev/null",
        "-o", f"Dir::Etc::SourceParts={cache / 'parts'}",
        "-o", f"Dir::State::Lists={cache / 'lists'}",
        "-o", f"Dir::Cache={cache / 'packages'}",
    ]  # fmt: skip
    for action in (["update"], ["source", "--download-only", *PACKAGES]):
        done = subprocess.run(
            [*command, *action], cwd=cache, capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("Debian's source packages of exiv2 and exiftool can't be had")


def _source_packages() -> str:
    """Return where source packages lie: beside the packages this system installs."""
    stanzas = [
        re.sub(r"(?m)^Types:.*$", "Types: deb-src", stanza)
        for path in sorted((_LISTS / "sources.list.d").glob("*.sources"))
        for stanza in path.read_text().split("\n\n")
        if re.search(r"^URIs:.*/debian/?$", stanza, re.MULTILINE)
    ]
    listed = _LISTS / "sources.list"
    for line in listed.read_text().splitlines() if listed.exists() else ():
        found = re.match(r"deb (?:\[.*?\] )?(\S+/debian/?) (\S+) (.+)", line)
        if found is not None:
            uri, suite, parts = found.groups()
            stanzas.append(
                f"Types: deb-src\nURIs: {uri}\nSuites: {suite}\nComponents: {parts}"
            )
    return "\n\n".join(stanzas) + "\n" if stanzas else ""
