"""The command line: `edge-captions caption | models | download | hardware | doctor`."""

from .main import main

__all__ = ["main"]
