"""Addresses on a model hub, asked of the hub's own library in a short-lived child.

Run as `python -m edge_runtime.downloads.hub` it reads a question as JSON from its
input and prints the answer. It uses no network: sizes and hashes come with the file.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import json
import logging
import os
from pathlib import Path
import re
import sys
from typing import Any, Final
from urllib.parse import quote, unquote

from ..manifest.model import DEFAULT_REVISION, FileSource
from .children import ChildFailedError, run_python
from .responses import Remote

_LOGGER = logging.getLogger(__name__)
_CHILD_TIMEOUT_S: Final = 30.0


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
    """Return the addresses of files, by the public scheme if the library fails.

    A login in the hub's address goes into a header, in the place of a token.
    """
    hub, login = split_login(hub)
    files = [
        {
            "key": hub_key(source),
            "repository": source.location,
            "revision": source.revision or DEFAULT_REVISION,
            "filename": source.filename or "",
        }
        for source in sources
    ]
    try:
        printed = await run_python(
            ["-m", __name__],
            _child_environ(hub, environ),
            text=json.dumps({"hub": hub, "files": files}),
            timeout_s=_CHILD_TIMEOUT_S,
        )
        answer = json.loads(printed)
        return HubAccess(answer["urls"], login or answer["headers"])
    except (ChildFailedError, ValueError, KeyError, TypeError) as err:
        _LOGGER.info("the hub's library can't be used (%s)", err)
    token = environ.get("HF_TOKEN", "").strip()
    return HubAccess(
        {item["key"]: plain_url(hub, item) for item in files},
        login or ({"authorization": f"Bearer {token}"} if token else {}),
    )


def _child_environ(hub: str, environ: Mapping[str, str]) -> dict[str, str]:
    package_home = str(Path(__file__).parents[2])
    places = [environ.get("PYTHONPATH", ""), package_home]
    return {
        **environ,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


def split_login(hub: str) -> tuple[str, dict[str, str]]:
    """Return a hub's address without user and password, and the header they make."""
    found = re.fullmatch(r"(https?://)([^/?#]*)@(.*)", hub)
    if found is None:
        return hub, {}
    login = base64.b64encode(unquote(found[2]).encode()).decode()
    return found[1] + found[3], {"authorization": f"Basic {login}"}


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
