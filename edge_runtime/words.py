"""How captions are taken to pieces: the one tokenizer of scores and scorers."""

import re
from typing import Final

_NEGATION: Final = re.compile(r"n't\b")
_TOKEN: Final = re.compile(
    r"n't\b|'(?:s|m|d|re|ve|ll)\b|\d+(?:[.,]\d+)+|[^\W_]+(?:-[^\W_]+)*|[&#$%]"
)


def tokenize_caption(text: str) -> list[str]:
    """Return lower-case tokens without punctuation, as the PTB tokenizer would.

    Clitics are tokens of their own ("man's" -> "man 's"); hyphens stay inside.
    """
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return _TOKEN.findall(_NEGATION.sub(" n't", plain))
