"""Has the product start a worker that executes one instruction, and says how it ended.

The worker is started as every other one: by the product's own code, on the emulated
CPU, with the command that the settings hold.
"""

import asyncio
import os
from pathlib import Path
import sys

from forbidden import CODE

from edge_runtime.config import load_settings
from edge_runtime.errors import WorkerStartError
from edge_runtime.inference.child import Child, WorkerLaunch


async def main(code: str) -> None:
    """Print the sentence that the product finds for the worker's end."""
    os.environ |= {CODE: code, "PYTHONPATH": str(Path(__file__).parent)}
    launch = WorkerLaunch(load_settings().worker_command, module="forbidden")
    try:
        await Child.start(launch)
    except WorkerStartError as err:
        print(err)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
