"""Stands in for the worker and executes one instruction, given in hex.

A CPU that lacks the instruction ends the process with SIGILL. If the process leaves
with exit code 0, the CPU that ran it has the instruction.
"""

import ctypes
import mmap
import os

CODE = "MACHINE_LAB_CODE"


def main() -> None:
    """Execute the machine code that the environment holds."""
    code = bytes.fromhex(os.environ[CODE])
    access = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    with mmap.mmap(-1, mmap.PAGESIZE, prot=access) as page:
        page.write(code)
        place = ctypes.c_char.from_buffer(page)
        ctypes.CFUNCTYPE(None)(ctypes.addressof(place))()
        del place


if __name__ == "__main__":
    main()
