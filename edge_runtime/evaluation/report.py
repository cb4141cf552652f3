"""One HTML file that shows the photos with captions, references and scores.

It is whole in itself: its own style and script, which alone may run (a policy with
their hashes forbids any other), and no address outside of the person's machine.
"""

import base64
import hashlib
from html import escape
import json
import mimetypes
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ..const import MB
from ..files import FileWriteError
from ..schemas import Verdict
from ..units import human_bytes
from .dataset import Dataset, ReferencePhoto
from .evaluation import Evaluation
from .scores import ModelEvaluation
from .table import headline, notes, sections

_MAX_EMBEDDED_BYTES: Final = 200 * MB
"""More than a browser opens with patience."""
_FOLDER: Final = Path(__file__).parent
_ORDERS: Final = {
    "ends": "best and worst",
    "best": "best first",
    "worst": "worst first",
    "slowest": "slowest first",
    "image": "lowest image-text score first",
    "name": "by name",
    "": "as in the data set",
}


class ReportTooLargeError(FileWriteError):
    """The photos are too many to be put inside one file."""

    code = "report_too_large"
    status = 413


def check_embedding(dataset: Dataset) -> None:
    """Raise ReportTooLargeError if the photos don't fit into a page."""
    size = sum(photo.size for photo in dataset.photos)
    if size > _MAX_EMBEDDED_BYTES:
        raise ReportTooLargeError(
            f"the {len(dataset.photos)} photos have {human_bytes(size)}, and a page "
            f"with more than {human_bytes(_MAX_EMBEDDED_BYTES)} opens nowhere: leave "
            "--embed away, or take fewer with --limit"
        )


def report_html(evaluation: Evaluation, destination: Path, *, embed: bool) -> str:
    """Return the page; photos are links from its place, or inside with `embed`."""
    style, script = (_part(name) for name in ("report.css", "report.js"))
    data = _data(evaluation, destination, embed)
    policy = (
        f"default-src 'none'; img-src 'self' file: data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(headline(evaluation))}</title>
<style>{style}</style>
</head>
<body>
<h1>{escape(headline(evaluation))}</h1>
{_tables(evaluation)}
{_controls(evaluation)}
<p class="soft" id="count" role="status"></p>
<noscript><p>The photos are shown by a script in this page, which is off.</p></noscript>
<main id="photos"></main>
<button id="more" type="button" hidden>Show more</button>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _part(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _tables(evaluation: Evaluation) -> str:
    heads = "".join(f"<th>{escape(m.model_id)}</th>" for m in evaluation.models)
    parts = []
    for section in sections(evaluation):
        rows = []
        for label, cells in section.rows:
            columns = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            rows.append(f"<tr><th>{escape(label)}</th>{columns}</tr>")
        parts.append(
            f"<table><thead><tr><th>{escape(section.title)}</th>{heads}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
    told = "".join(f"<div>{escape(line)}</div>" for line in notes(evaluation))
    return (
        f'<details open><summary>Scores</summary><div class="tables">{"".join(parts)}'
        f'</div><div class="notes">{told}</div></details>'
    )


def _controls(evaluation: Evaluation) -> str:
    models = {str(i): model.model_id for i, model in enumerate(evaluation.models)}
    verdicts = {"": "any"} | {v.value: v.value for v in Verdict}
    return (
        "<form>"
        + _choice("model", "scores of", models)
        + _choice("order", "order", _ORDERS)
        + _choice("verdict", "verdict", verdicts | {"failed": "no caption"})
        + '<label class="search">words or name<input name="search" type="search">'
        "</label></form>"
    )


def _choice(name: str, label: str, options: dict[str, str]) -> str:
    rows = "".join(
        f'<option value="{escape(value)}">{escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<label>{label}<select name="{name}">{rows}</select></label>'


def _data(evaluation: Evaluation, destination: Path, embed: bool) -> str:
    content = {
        "models": [model.model_id for model in evaluation.models],
        "photos": [
            {
                "name": photo.name,
                "src": _inside(photo) if embed else link_to(photo.path, destination),
                "references": list(photo.references),
                "answers": [_answer(model, index) for model in evaluation.models],
            }
            for index, photo in enumerate(evaluation.dataset.photos)
        ],
    }
    text = json.dumps(content, separators=(",", ":"))
    # a caption must not be able to end the script element, or to begin a comment in it
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _answer(model: ModelEvaluation, index: int) -> dict[str, Any]:
    result = model.results[index]
    raw = result.raw_caption
    return {
        "caption": result.caption,
        "raw": "" if _same(raw, result.caption) else raw,
        "rawScore": round(model.raw.photos[index].cider_d, 4),
        "score": round(model.checked.photos[index].cider_d, 4),
        "verdict": result.verdict,
        "doubted": list(result.doubted),
        "imageText": result.image_text_score,
        "seconds": result.seconds,
        "error": result.error["message"] if result.error else "",
    }


def _same(raw: str, caption: str) -> bool:
    """Return whether a caption is its raw form as a sentence."""
    return raw.casefold().strip(" .") == caption.casefold().strip(" .")


def link_to(photo: Path, destination: Path) -> str:
    """Return a photo's address: relative if it lies below the page, else absolute.

    A page then moves together with the photos below it, and finds all others.
    """
    absolute = Path(os.path.abspath(photo))  # noqa: PTH100 - a link stays a link
    folder = Path(os.path.abspath(destination)).parent  # noqa: PTH100
    if absolute.is_relative_to(folder):
        relative = os.fsencode(absolute.relative_to(folder))
        return "./" + quote(relative)
    return absolute.as_uri()


def _inside(photo: ReferencePhoto) -> str:
    kind = mimetypes.guess_type(photo.name)[0] or ""
    kind = kind if kind.startswith("image/") else "image/jpeg"  # browsers look inside
    try:
        content = photo.path.read_bytes()
    except OSError:
        return ""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
