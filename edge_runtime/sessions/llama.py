"""llama.cpp on the CPU: one GGUF language model, its weights mapped from the disk."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
import ctypes
from pathlib import Path
from typing import Any, Final

import llama_cpp
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from llama_cpp.llama_grammar import LlamaGrammar

from ..errors import ModelBrokenError, ModelUnusableError
from .base import PictureLimits, PictureSession, Sampling
from .chat_template import ChatTemplate, Kind, Piece
from .llama_log import listening, reason_of
from .llama_rules import rules_of
from .llama_variants import load_cpu_variants

_MAGIC: Final = b"GGUF"
_TEMPLATE: Final = "tokenizer.chat_template"
_N_CTX: Final = 1024
_N_BATCH: Final = 128
_PIECE_BYTES: Final = 256
_EVERY_LAYER: Final = -1
_NO_SPECIAL: Final = False
_CACHE_TYPES: Final = {
    "f16": llama_cpp.GGML_TYPE_F16,
    "f32": llama_cpp.GGML_TYPE_F32,
}


class LlamaSession:
    """One language model with the tokens that it read last.

    A prompt that begins like the last one costs only what is new.
    """

    def __init__(self, path: str, *, threads: int, options: Mapping[str, Any]) -> None:
        check_magic(path)
        self.variant = load_cpu_variants()
        self._path = path
        self.context_tokens = int(options.get("n_ctx", _N_CTX))
        self._llama = _open(path, threads, self.context_tokens, options)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        template = options.get("chat_template") or self._llama.metadata.get(_TEMPLATE)
        formatter = None if template is None else self._formatter_of(template)
        self._template = ChatTemplate(path, formatter)

    def chat(self, turns: Sequence[tuple[str, str]], opening: str = "") -> list[int]:
        """Return the tokens of a conversation, as the file's own template wants it."""
        return self._tokens_of(self._template.pieces(turns, opening))

    def chat_around_picture(
        self, turns: Sequence[tuple[str, str]], opening: str = ""
    ) -> tuple[list[int], list[int]]:
        """Return the tokens before and after the picture that a conversation is of."""
        pieces = self._template.pieces(turns, opening, picture=True)
        place = pieces.index(Piece(Kind.PICTURE))
        return self._tokens_of(pieces[:place]), self._tokens_of(pieces[place + 1 :])

    def with_pictures(self, path: str, limits: PictureLimits) -> PictureSession:
        """Return the session that reads pictures too, by a projector's file."""
        check_magic(path)
        # imported here: a language model alone loads no multimodal library
        from .llama_pictures import LlamaPictures

        return LlamaPictures(self, self._llama, path, limits)

    def known_prefix(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a prompt need not be read again."""
        read = self._llama.input_ids[: self._llama.n_tokens].tolist()
        same = 0
        for a, b in zip(read, prompt, strict=False):
            if a != b:
                break
            same += 1
        return min(same, max(len(prompt) - 1, 0))

    def generate(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[bytes]:
        """Return the pieces of an answer, until the model ends it."""
        self._llama.set_seed(sampling.seed)
        tokens = self._llama.generate(
            list(prompt),
            temp=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repetition_penalty,
            grammar=_grammar(sampling),
        )
        for token in tokens:
            if llama_cpp.llama_vocab_is_eog(self.vocabulary, token):
                return
            yield self.piece(token)

    def _formatter_of(self, template: str) -> Any:
        try:
            return Jinja2ChatFormatter(
                template=template,
                eos_token=self._text_of(self._llama.token_eos()),
                bos_token=self._text_of(self._llama.token_bos()),
            )
        except Exception as err:  # noqa: BLE001 - a template can raise anything
            raise ModelBrokenError(
                f"{self._path}: its chat template can't be read ({err})"
            ) from None

    def _text_of(self, token: int) -> str:
        if token < 0:
            return ""
        text: bytes = llama_cpp.llama_vocab_get_text(self.vocabulary, token)
        return text.decode(errors="replace")

    def _tokens_of(self, pieces: Sequence[Piece]) -> list[int]:
        tokens: list[int] = []
        for piece in pieces:
            tokens += self.tokens(piece.text, special=piece.kind is Kind.FRAME)
        return tokens

    def tokens(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of a text; `special`: marks in it count."""
        if not text:
            return []
        data = text.encode(errors="replace")
        found: list[int] = self._llama.tokenize(data, add_bos=False, special=special)
        return found

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        length = llama_cpp.llama_token_to_piece(
            self.vocabulary, token, buffer, _PIECE_BYTES, 0, _NO_SPECIAL
        )
        return buffer.raw[: max(length, 0)]


def _open(path: str, threads: int, n_ctx: int, options: Mapping[str, Any]) -> Any:
    said: deque[str] = deque(maxlen=8)
    layers = int(options.get("n_gpu_layers", _EVERY_LAYER))
    if not llama_cpp.llama_supports_gpu_offload():
        layers = 0
    try:
        with listening(said):
            return llama_cpp.Llama(
                model_path=path,
                n_gpu_layers=layers,
                n_ctx=n_ctx,
                n_batch=int(options.get("n_batch", _N_BATCH)),
                n_threads=threads,
                n_threads_batch=threads,
                type_k=_CACHE_TYPES[options.get("cache", "f16")],
                type_v=_CACHE_TYPES[options.get("cache", "f16")],
                use_mmap=True,
                verbose=False,
            )
    except MemoryError:
        raise
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        if layers:  # a card that is gone or full: the processor can do it too
            return _open(path, threads, n_ctx, {**options, "n_gpu_layers": 0})
        reason = reason_of(said) or str(err).strip().splitlines()[0]
        if "unknown model architecture" in reason or "unknown pre-tokenizer" in reason:
            raise ModelUnusableError(
                f"{path}: this llama.cpp can't run it ({reason}): install a newer "
                "llama-cpp-python or choose another model"
            ) from None
        raise ModelBrokenError(
            f"{path}: can't be loaded by llama.cpp ({reason}): download it again"
        ) from None


def check_magic(path: str) -> None:
    """Fail if a file is no GGUF file at all."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as err:
        raise ModelBrokenError(f"{path}: can't be read ({err.strerror})") from None
    if magic != _MAGIC:
        raise ModelBrokenError(f"{path}: is no GGUF file: download it again")


def _grammar(sampling: Sampling) -> Any:
    rules = rules_of(sampling)
    return None if rules is None else LlamaGrammar.from_string(rules, verbose=False)
