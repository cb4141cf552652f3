"""Entry point of `edge-captions` and of `python -m edge_runtime`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
