"""Write the pages of docs/ that a command produces: scripts/write_docs.py [--check]."""

import argparse
import asyncio
from pathlib import Path
import sys
import tempfile

from edge_runtime.config import Settings
from edge_runtime.hardware import interpret
from edge_runtime.hardware.captures import load_machine
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.selection import explain

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "machines.md"
MACHINES = {
    "pi-zero2w-512mb": "Raspberry Pi Zero 2 W, 512 MB",
    "pi4-2gb": "Raspberry Pi 4, 2 GB",
    "j1900-4gb": "NAS or thin client with a Celeron J1900 (no AVX), 4 GB",
    "n100-16gb": "mini PC with an N100, 16 GB",
}
HEAD = """\
# What is chosen on which machine, and why

Made by `scripts/write_docs.py` from the machine descriptions that ship with the package
(put together from published texts of such machines, with typical free memory);
`edge-captions models --explain --machine NAME` prints the same, and a description of
your own machine comes from `edge-captions hardware --capture FILE`. `running` answers
now; `recommended` would be better after a download; every other model has its reason.
"""


def main() -> int:
    """Write the page, or compare it with what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args()
    text = asyncio.run(machines_page())
    if options.check:
        if PAGE.read_text(encoding="utf-8") != text:
            print(f"{PAGE.relative_to(ROOT)} is not what scripts/write_docs.py makes")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


async def machines_page() -> str:
    """Return the page of the four example machines."""
    parts = [HEAD]
    with tempfile.TemporaryDirectory() as home:
        async with EdgeRuntime(Settings(home=Path(home))) as runtime:
            for name, title in MACHINES.items():
                hardware = interpret(load_machine(name))
                lines = explain(runtime.select(hardware=hardware), hardware)
                command = f"$ edge-captions models --explain --machine {name}"
                text = "\n".join(line.rstrip() for line in (command, *lines))
                parts.append(f"## {title}\n\n```\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
