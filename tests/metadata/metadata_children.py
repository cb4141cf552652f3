"""Write captions in processes of their own."""

import json
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).parents[2]
CHILD = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.metadata import *
mode = WriteMode(sys.argv[2])
caption = CaptionToWrite({{"en": sys.argv[3]}}, Provenance("m"))
if sys.argv[4:]:
    os.setgroups([])
    os.setgid(int(sys.argv[4]))
    os.setuid(int(sys.argv[4]))
try:
    result = write_caption(Path(sys.argv[1]), caption, mode)
    print(json.dumps(result.to_dict()))
except EdgeRuntimeError as err:
    print(json.dumps({{"error": err.to_dict()}}))
"""


def write_in_child(path, mode, text="Hello", user=(), **options):
    script = CHILD.format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", script, path, mode, text, *user],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
