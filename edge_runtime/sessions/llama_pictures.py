"""llama.cpp's multimodal library: a projector's file lets a language model see."""

from collections import deque
from collections.abc import Iterator, Sequence
import ctypes
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import llama_cpp
from llama_cpp import mtmd_cpp as mtmd

from ..errors import ModelBrokenError, ModelUnusableError, PromptTooLongError
from .base import Array, PictureLimits, Sampling, Seen
from .llama_chunks import Part, picture_parts
from .llama_log import listening, reason_of
from .llama_sampler import Sampler

if TYPE_CHECKING:
    from .llama import LlamaSession

_AS_THE_MODEL_DOES: Final = -1
_WHOLE: Final = -1


class LlamaPictures:
    """One language model with its projector, and the picture that it read last.

    A second question about the same picture costs only its words.
    """

    reads_grammars = True

    def __init__(
        self, text: "LlamaSession", llama: Any, path: str, limits: PictureLimits
    ) -> None:
        self._text = text
        self._llama = llama
        self._path = path
        self._tiles = limits.tiles
        self.context_tokens = text.context_tokens
        self._memory = llama_cpp.llama_get_memory(llama.ctx)
        self._projector = _open(path, llama, limits)
        self._last = ""
        """Names the picture, and what stood before it."""
        self._after_picture = 0
        self._picture_tokens = 0
        self._position = 0

    def see(
        self, picture: Array, turns: Sequence[tuple[str, str]], opening: str, room: int
    ) -> Seen:
        """Read an RGB picture and a conversation of it, with room for an answer."""
        before, after = self._text.chat_around_picture(turns, opening)
        name = sha256(picture.tobytes() + repr((picture.shape, before)).encode())
        same, seconds = name.hexdigest() == self._last and self._forget_words(), 0.0
        if not same:
            self._last = ""
            seconds = self._read_picture(picture, before, room + len(after))
            self._last = name.hexdigest()
        tokens = len(before) + self._picture_tokens + len(after)
        self._check_room(tokens, room)
        self._position = self._after_picture
        self._read(after)
        return Seen(tokens, self._picture_tokens, seconds)

    def answer(self, sampling: Sampling) -> Iterator[tuple[bytes, float]]:
        """Return pieces and log-probabilities until the model ends its answer."""
        vocabulary = self._text.vocabulary
        with Sampler(self._llama, vocabulary, sampling) as sampler:
            while True:
                token, logprob = sampler.next()
                if llama_cpp.llama_vocab_is_eog(vocabulary, token):
                    yield b"", logprob
                    return
                yield self._text.piece(token), logprob
                self._read([token])

    def _forget_words(self) -> bool:
        """Return whether all that came after the last picture is forgotten."""
        return bool(
            llama_cpp.llama_memory_seq_rm(self._memory, 0, self._after_picture, _WHOLE)
        )

    def _read_picture(self, picture: Array, before: list[int], room: int) -> float:
        llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003
        self._position = 0
        with picture_parts(self._projector, picture, self._tiles) as parts:
            self._picture_tokens = sum(part.tokens for part in parts)
            self._check_room(len(before) + self._picture_tokens, room)
            self._read(before)
            started = perf_counter()
            for part in parts:
                self._read_part(part)
        self._after_picture = self._position
        return perf_counter() - started

    def _read_part(self, part: Part) -> None:
        if part.words is not None:
            self._read(part.words)
            return
        batch = self._llama.n_batch
        at_once = mtmd.mtmd_decode_use_non_causal(self._projector, part.chunk)
        if at_once and part.tokens > batch:
            raise ModelUnusableError(
                f"{self._path}: the model reads the {part.tokens} tokens of a picture "
                f"at once: set n_batch in the options of its row to {part.tokens}"
            )
        end = llama_cpp.llama_pos(0)
        failed = mtmd.mtmd_helper_eval_chunk_single(
            self._projector,
            self._llama.ctx,
            part.chunk,
            self._position,
            0,
            batch,
            False,  # noqa: FBT003 - the library takes no names
            ctypes.byref(end),
        )
        if failed:
            raise ModelUnusableError(
                f"{self._path}: llama.cpp could not read the picture (error {failed})"
            )
        self._position = end.value

    def _read(self, tokens: Sequence[int]) -> None:
        """Let the model read tokens; the last one's prediction is kept."""
        step = self._llama.n_batch
        for start in range(0, len(tokens), step):
            self._decode(tokens[start : start + step])

    def _decode(self, tokens: Sequence[int]) -> None:
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for index, token in enumerate(tokens):
                batch.token[index] = token
                batch.pos[index] = self._position + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = index == len(tokens) - 1
            failed = llama_cpp.llama_decode(self._llama.ctx, batch)
        finally:
            llama_cpp.llama_batch_free(batch)
        if failed:
            self._last = ""
            raise ModelUnusableError(
                f"llama.cpp could not read the prompt (error {failed}): its context "
                f"has {self.context_tokens} tokens"
            )
        self._position += len(tokens)

    def _check_room(self, tokens: int, room: int) -> None:
        if tokens + room > self.context_tokens:
            raise PromptTooLongError(
                f"picture and prompt have {tokens} tokens and {room} more may come, "
                f"but the model's context has {self.context_tokens}: shorten the "
                "facts, or lower image_max_tokens or raise n_ctx in the model's row"
            )


def _open(path: str, llama: Any, limits: PictureLimits) -> Any:
    settings = mtmd.mtmd_context_params_default()
    settings.use_gpu = llama_cpp.llama_supports_gpu_offload()
    settings.print_timings = False
    settings.warmup = False
    settings.n_threads = llama.n_threads
    settings.image_min_tokens = limits.min_tokens or _AS_THE_MODEL_DOES
    settings.image_max_tokens = limits.max_tokens or _AS_THE_MODEL_DOES
    said: deque[str] = deque(maxlen=16)
    with listening(said, mtmd.mtmd_log_set, mtmd.mtmd_helper_log_set):
        projector = mtmd.mtmd_init_from_file(path.encode(), llama.model, settings)
    if projector is None:
        raise _refusal(path, reason_of(said))
    if not mtmd.mtmd_support_vision(projector):
        raise ModelBrokenError(f"{path}: this projector can't read pictures")
    return projector


def _refusal(path: str, reason: str) -> ModelBrokenError | ModelUnusableError:
    if "mismatch" in reason:
        return ModelBrokenError(
            f"{path}: projector and language model don't belong together ({reason}): "
            "download both files again"
        )
    if "unknown projector" in reason:
        return ModelUnusableError(
            f"{path}: this llama.cpp can't run it ({reason}): install a newer "
            "llama-cpp-python or choose another model"
        )
    return ModelBrokenError(
        f"{path}: can't be loaded as a projector ({reason or 'no reason given'}): "
        "download it again"
    )
