"""Addresses on a model hub, asked of the hub's own library in a short-lived child.

Run as `python -m edge_runtime.downloads.hub` it reads a question as JSON from its
input and prints the answer. It uses no network: sizes and hashes come with the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
import logging
import os
from pathlib import Path
import sys
from typing import Any, Final
from urllib.parse import quote

from ..manifest.model import FileSource
from .children import ChildFailedError, run_python
from .responses import Remote

_LOGGER = logging.getLogger(__name__)
_CHILD_TIMEOUT_S: Final = 30.0
_DEFAULT_REVISION: Final = "main"


@dataclass(frozen=True, slots=True)
class HubAccess:
    """Where files of a hub are, and what proves who asks."""

    urls: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def remote(
        self, source: FileSource, size: int | None, sha256: str | None
    ) -> Remote:
        """Return the file that a source names."""
        url = self.urls[hub_key(source)]
        page = url.split("/resolve/")[0]
        hint = f": log in at {page}, accept the model's licence there and set HF_TOKEN"
        return Remote(url, size, sha256, headers=self.headers, denied_hint=hint)


def hub_key(source: FileSource) -> str:
    """Return the text that tells one file of the hub from another."""
    return f"{source.location}@{source.revision}/{source.filename}"


async def locate_on_hub(
    sources: Sequence[FileSource], hub: str, environ: Mapping[str, str]
) -> HubAccess:
    """Return the addresses of files, by the public scheme if the library fails."""
    files = [
        {
            "key": hub_key(source),
            "repository": source.location,
            "revision": source.revision or _DEFAULT_REVISION,
            "filename": source.filename or "",
        }
        for source in sources
    ]
    package_home = str(Path(__file__).parents[2])
    places = [environ.get("PYTHONPATH", ""), package_home]
    child_environ = {
        **environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    try:
        printed = await run_python(
            ["-m", __name__],
            child_environ,
            text=json.dumps({"hub": hub, "files": files}),
            timeout_s=_CHILD_TIMEOUT_S,
        )
        answer = json.loads(printed)
        return HubAccess(answer["urls"], answer["headers"])
    except (ChildFailedError, ValueError, KeyError, TypeError) as err:
        _LOGGER.info("the hub's library can't be used (%s)", err)
    token = environ.get("HF_TOKEN", "").strip()
    return HubAccess(
        {item["key"]: plain_url(hub, item) for item in files},
        {"authorization": f"Bearer {token}"} if token else {},
    )


def plain_url(hub: str, item: Mapping[str, str]) -> str:
    """Return the address of a file by the hub's public scheme."""
    revision = quote(item["revision"], safe="")
    return f"{hub}/{item['repository']}/resolve/{revision}/{quote(item['filename'])}"


def answer_question(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return addresses and headers as the hub's library gives them."""
    # the library costs 30 MB and a second on a small board: only the child pays
    from huggingface_hub import get_token, hf_hub_url  # noqa: PLC0415

    token = get_token()
    urls = {
        item["key"]: hf_hub_url(
            item["repository"],
            item["filename"],
            revision=item["revision"],
            endpoint=question["hub"],
        )
        for item in question["files"]
    }
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return {"urls": urls, "headers": headers}


def main() -> int:
    """Answer the question on the input."""
    try:
        answer = answer_question(json.load(sys.stdin))
    except Exception as err:  # noqa: BLE001 - the parent shows one line, no traceback
        os.write(sys.stderr.fileno(), f"{type(err).__name__}: {err}\n".encode())
        return 1
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
