"""A vision-language model as the model hub's three graphs: encoder, words, decoder.

The decoder keeps a cache of two kinds, read off its inputs: keys and values that grow
with every token (`past_key_values.2.key`), and states of convolutions that don't
(`past_conv.0`). One graph reads the prompt and the words that follow it.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
import math
from time import perf_counter
from typing import Final

from PIL import Image

from ..errors import ModelBrokenError, ModelUnusableError, PromptTooLongError
from ..imaging import Grid, Patches, to_patches
from ..sessions.base import Array, PictureLimits, Sampling, Seen, Session, np
from .base import FamilyConfig
from .cached_decoder import empty_cache
from .hub_chat import HubChat
from .json_rules import follower_of
from .prefix_rules import Follower
from .token_choice import TokenChoice

_CONTEXT: Final = 2048
_CONTEXT_IN_FULL: Final = 1024
"""For a decoder that gives the scores of all of a prompt's tokens: they take memory."""
_MIN_TOKENS, _MAX_TOKENS = 64, 256
_MERGE: Final = 2
_CHANNELS: Final = 3
_PIXELS: Final = "pixel_values"
_MASK: Final = "pixel_attention_mask"
_SHAPES: Final = "spatial_shapes"
_LOGITS: Final = "logits"
_EMBEDS: Final = "inputs_embeds"
_LENGTH: Final = "attention_mask"
_PLACES: Final = "position_ids"
_KEPT: Final = "num_logits_to_keep"
_PAST: Final = "past"
_HALF: Final = "\N{REPLACEMENT CHARACTER}"


class GraphPictures:
    """What sees and answers; the last picture's features are kept.

    A second question about the same picture costs its prompt, not its encoding.
    """

    reads_grammars = False

    def __init__(self, config: FamilyConfig, limits: PictureLimits) -> None:
        if limits.tiles != 1:
            raise ModelUnusableError(
                "this model reads a picture whole: image_tiles must be 1"
            )
        self._preprocess = config.preprocess
        opening = config.opening("vision_encoder", "embed_tokens", "decoder")
        self._chat = HubChat(config)
        self._vision, self._embed, decoder = opening.opened()
        self._decoder = _Decoder(decoder)
        self.context_tokens = self._decoder.context_tokens
        _check_inputs(self._vision, "vision encoder", {_PIXELS}, {_MASK, _SHAPES})
        _check_inputs(self._embed, "graph of embeddings", {"input_ids"})
        most = limits.max_tokens or _MAX_TOKENS
        least = min(limits.min_tokens or _MIN_TOKENS, most)
        self._grid = Grid(_patch_of(self._vision), _MERGE, least, most)
        self._last = ""
        self._features: Array = np.empty((0, 0), np.float32)

    def see(
        self, picture: Array, turns: Sequence[tuple[str, str]], opening: str, room: int
    ) -> Seen:
        """Read an RGB picture and a conversation of it, with room for an answer."""
        before, after = self._chat.around_picture(turns, opening)
        started = perf_counter()
        patches = to_patches(Image.fromarray(picture), self._grid, self._preprocess)
        places = patches.tokens(self._grid.merge)
        ids = [*before, *[self._chat.image] * places, *after]
        self._check_room(len(ids), room)
        seen = sha256(patches.pixel_values.tobytes() + repr(patches.rows).encode())
        same = (name := seen.hexdigest()) == self._last
        if not same:
            self._last, self._features = "", self._encode(patches, places)
            self._last = name
        seconds = 0.0 if same else perf_counter() - started
        words = self._words(ids)
        if words.shape[-1] != self._features.shape[-1]:
            raise ModelBrokenError(
                f"a picture's tokens have {self._features.shape[-1]} values, those of "
                f"words {words.shape[-1]}: the files don't belong together"
            )
        words[0, len(before) : len(before) + places] = self._features
        self._decoder.begin(words)
        return Seen(len(ids), places, seconds)

    def answer(self, sampling: Sampling) -> Iterator[tuple[bytes, float]]:
        """Return pieces and log-probabilities until the model ends its answer."""
        choice, said, text = TokenChoice(sampling), list[int](), ""
        rules = follower_of(sampling.json_schema) if sampling.json_schema else None
        while True:
            may_follow = partial(self._fits, rules, said, text) if rules else None
            token, logprob = choice.next(self._decoder.logits, may_follow)
            if token == self._chat.end:
                yield b"", logprob
                return
            said.append(token)
            new = self._new(said, text).removesuffix(_HALF)
            text += new
            yield new.encode(), logprob
            if rules:
                rules.take(new)
                if rules.must_end:
                    return
            self._decoder.go_on(self._words([token]))

    def _new(self, said: Sequence[int], text: str) -> str:
        """Return what was added to a text; half a letter waits for its other tokens."""
        whole = self._chat.text_of(said)
        added = whole[len(text) :]
        return _HALF if added.endswith(_HALF) else added

    def _fits(self, rules: Follower, said: list[int], text: str, token: int) -> bool:
        """Return whether a token may follow what was said."""
        if token == self._chat.end:
            return rules.is_complete
        new = self._new([*said, token], text)
        return bool(new) and rules.allows(new.removesuffix(_HALF), half=_HALF in new)

    def _encode(self, patches: Patches, places: int) -> Array:
        count = patches.rows * patches.columns
        feeds: dict[str, Array] = {
            _PIXELS: patches.pixel_values,
            _MASK: np.ones((1, count), np.int64),
            _SHAPES: np.array([[patches.rows, patches.columns]], np.int64),
        }
        wanted = {name: feeds[name] for name in self._vision.inputs}
        found = self._vision.run(wanted, last=True)[0]
        features = found.reshape(-1, found.shape[-1])
        if len(features) != places:
            raise ModelBrokenError(
                f"the vision encoder makes {len(features)} tokens of a picture that "
                f"should have {places}: it merges other patches than this version knows"
            )
        return features

    def _words(self, ids: Sequence[int]) -> Array:
        """Return the embeddings of tokens; [1, tokens, channels]."""
        found = self._embed.run({"input_ids": np.array([ids], np.int64)})[0]
        return found.astype(np.float32)

    def _check_room(self, tokens: int, room: int) -> None:
        if tokens + room > self.context_tokens:
            raise PromptTooLongError(
                f"picture and prompt have {tokens} tokens and {room} more may come, "
                f"but the model is given {self.context_tokens}: shorten the facts, or "
                "lower image_max_tokens in the model's row"
            )


class _Decoder:
    """The decoder's graph, and what it has read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._past = [name for name in session.inputs if name.startswith(_PAST)]
        pairs = {_present(name, session.outputs): name for name in self._past}
        self._pairs = {session.outputs.index(name): pairs[name] for name in pairs}
        needed = {_EMBEDS, _LENGTH, *self._past}
        _check_inputs(session, "decoder", needed, {_PLACES, _KEPT})
        if not self._past or _LOGITS not in session.outputs:
            raise ModelBrokenError("the decoder has no cache, or no output 'logits'")
        self._at = session.outputs.index(_LOGITS)
        chosen = _KEPT in session.inputs
        self.context_tokens = _CONTEXT if chosen else _CONTEXT_IN_FULL
        self._cache: dict[str, Array] = {}
        self._length = 0
        self.logits: Array = np.empty(0, np.float32)
        """The scores of what may come next."""

    def begin(self, words: Array) -> None:
        """Read a conversation from its beginning."""
        self._length = 0
        self._cache = {
            name: empty_cache(self._session.input_shape(name)) for name in self._past
        }
        self._read(words, last=True)

    def go_on(self, words: Array) -> None:
        """Read the word that was chosen."""
        self._read(words, last=False)

    def _read(self, words: Array, *, last: bool) -> None:
        start, self._length = self._length, self._length + words.shape[1]
        feeds: dict[str, Array] = {
            _EMBEDS: words,
            _LENGTH: np.ones((1, self._length), np.int64),
            _PLACES: np.arange(start, self._length, dtype=np.int64)[None],
            _KEPT: np.array(1, np.int64),
            **self._cache,
        }
        wanted = {name: feeds[name] for name in self._session.inputs}
        outputs = self._session.run(wanted, last=last)
        self._cache = {name: outputs[index] for index, name in self._pairs.items()}
        self.logits = outputs[self._at][0, -1].astype(np.float32)


def _present(past: str, outputs: Sequence[str]) -> str:
    """Return the output that becomes an input at the next step."""
    rest = past.removeprefix(_PAST)
    for name in (f"present{rest}", f"present{rest.removeprefix('_key_values')}"):
        if name in outputs:
            return name
    raise ModelBrokenError(
        f"the decoder has the input {past}, and no output that goes on with it"
    )


def _check_inputs(
    session: Session, what: str, needed: set[str], known: Iterable[str] = ()
) -> None:
    """Fail if a graph lacks an input, or has one that nobody would feed."""
    odd = (needed - set(session.inputs)) | (set(session.inputs) - needed.union(known))
    if odd:
        raise ModelBrokenError(
            f"the {what} has the inputs {', '.join(session.inputs)}: "
            f"{', '.join(sorted(odd))} is missing or unknown"
        )


def _patch_of(vision: Session) -> int:
    """Return the side of a patch: its pixels are what the encoder reads at a place."""
    size = vision.input_shape(_PIXELS)[-1] or 0
    side = math.isqrt(size // _CHANNELS)
    if side == 0 or side * side * _CHANNELS != size:
        raise ModelBrokenError(
            f"the vision encoder reads {size or 'any number of'} values at a place, "
            "which is no square of pixels in three colours"
        )
    return side
