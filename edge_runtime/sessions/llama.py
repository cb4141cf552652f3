"""llama.cpp on the CPU: one GGUF language model, its weights mapped from the disk."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
import ctypes
import json
from pathlib import Path
from typing import Any, Final

import llama_cpp
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from llama_cpp.llama_grammar import LlamaGrammar

from ..errors import ModelBrokenError, ModelUnusableError
from .base import Sampling

_MAGIC: Final = b"GGUF"
_ERROR_LEVEL: Final = 4
_CONTINUED: Final = 5
_TEMPLATE: Final = "tokenizer.chat_template"
_N_CTX: Final = 1024
_N_BATCH: Final = 128
_PIECE_BYTES: Final = 256
_NO_SPECIAL: Final = False
_MARK: Final = "\N{LEFT BLACK LENTICULAR BRACKET}{}\N{RIGHT BLACK LENTICULAR BRACKET}"


class LlamaSession:
    """One language model with the tokens that it read last.

    A prompt that begins like the last one costs only what is new.
    """

    def __init__(self, path: str, *, threads: int, options: Mapping[str, Any]) -> None:
        _check_magic(path)
        _load_cpu_variants()
        self._path = path
        self.context_tokens = int(options.get("n_ctx", _N_CTX))
        self._llama = _open(path, threads, self.context_tokens, options)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        template = self._llama.metadata.get(_TEMPLATE)
        self._formatter: Any = None
        if template is not None:
            self._formatter = self._formatter_of(template)

    def chat(self, turns: Sequence[tuple[str, str]], opening: str = "") -> list[int]:
        """Return the tokens of a conversation, as the file's own template wants it."""
        marks = [_MARK.format(number) for number in range(len(turns))]
        frame = self._frame([role for role, _ in turns], marks) + opening
        tokens: list[int] = []
        for (_, text), mark in zip(turns, marks, strict=True):
            before, found, frame = frame.partition(mark)
            if not found:
                raise ModelUnusableError(
                    f"{self._path}: its chat template leaves out a part of the prompt"
                )
            tokens += self._tokens(before, special=True)
            tokens += self._tokens(text, special=False)
        tokens += self._tokens(frame, special=True)
        return tokens

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
            if llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                return
            yield self._piece(token)

    def _frame(self, roles: Sequence[str], marks: Sequence[str]) -> str:
        """Return the conversation with a mark in the place of each text."""
        if self._formatter is None:  # a base checkpoint goes on with a plain text
            return "\n\n".join(marks) + "\n"
        messages = [
            {"role": role, "content": mark}
            for role, mark in zip(roles, marks, strict=True)
        ]
        try:
            return self._render(messages)
        except ModelUnusableError:
            if roles[:2] != ["system", "user"]:
                raise
        # Some templates know no system: it opens the first thing that the user says.
        joined = f"{marks[0]}\n\n{marks[1]}"
        return self._render([{"role": "user", "content": joined}, *messages[2:]])

    def _render(self, messages: list[dict[str, str]]) -> str:
        try:
            prompt: str = self._formatter(messages=messages).prompt
        except Exception as err:  # noqa: BLE001 - a template can raise anything
            reason = str(err).strip().splitlines()[:1] or [type(err).__name__]
            raise ModelUnusableError(
                f"{self._path}: its chat template can't be used ({reason[0]})"
            ) from None
        return prompt

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
        text: bytes = llama_cpp.llama_vocab_get_text(self._vocabulary, token)
        return text.decode(errors="replace")

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        if not text:
            return []
        data = text.encode(errors="replace")
        found: list[int] = self._llama.tokenize(data, add_bos=False, special=special)
        return found

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        length = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, buffer, _PIECE_BYTES, 0, _NO_SPECIAL
        )
        return buffer.raw[: max(length, 0)]


def _open(path: str, threads: int, n_ctx: int, options: Mapping[str, Any]) -> Any:
    said: deque[str] = deque(maxlen=8)
    try:
        with _listening(said):
            return llama_cpp.Llama(
                model_path=path,
                n_ctx=n_ctx,
                n_batch=int(options.get("n_batch", _N_BATCH)),
                n_threads=threads,
                n_threads_batch=threads,
                use_mmap=True,
                verbose=False,
            )
    except MemoryError:
        raise
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        reason = _reason(said) or str(err).strip().splitlines()[0]
        if "unknown model architecture" in reason or "unknown pre-tokenizer" in reason:
            raise ModelUnusableError(
                f"{path}: this llama.cpp can't run it ({reason}): install a newer "
                "llama-cpp-python or choose another model"
            ) from None
        raise ModelBrokenError(
            f"{path}: can't be loaded by llama.cpp ({reason}): download it again"
        ) from None


class _listening:  # noqa: N801 - reads as a statement
    """Collects what llama.cpp says of errors, instead of printing it."""

    def __init__(self, said: deque[str]) -> None:
        self._said = said
        self._level = 0
        # kept as an attribute: C holds no reference of its own
        self._callback = llama_cpp.llama_log_callback(self._hear)

    def __enter__(self) -> None:
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))

    def __exit__(self, *_error: object) -> None:
        llama_cpp.llama_log_set(_SILENCE, ctypes.c_void_p(0))

    def _hear(self, level: int, text: bytes, _data: Any) -> None:
        self._level = self._level if level == _CONTINUED else level
        if self._level == _ERROR_LEVEL:
            self._said.append(text.decode(errors="replace").strip())


def _hear_nothing(_level: int, _text: bytes, _data: Any) -> None:
    """Print nothing: the worker's error stream is for its own last words."""


_SILENCE: Final = llama_cpp.llama_log_callback(_hear_nothing)


def _reason(said: deque[str]) -> str:
    """Return the first cause that llama.cpp named: later lines only follow from it."""
    lines = (line.rpartition("error loading model: ")[2] for line in said if line)
    return next(iter(lines), "")


def _check_magic(path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as err:
        raise ModelBrokenError(f"{path}: can't be read ({err.strerror})") from None
    if magic != _MAGIC:
        raise ModelBrokenError(f"{path}: is no GGUF file: download it again")


def _load_cpu_variants() -> None:
    """Let a build with several CPU variants take the one for this machine.

    Such a build puts them beside the package, where llama.cpp doesn't look; they must
    go into the registry of the copy that libllama links, which is not libggml.so.
    """
    package = Path(llama_cpp.__file__).parent
    variants, library = package.parent / "bin", package / "lib" / "libggml.so.0"
    if not library.exists() or not any(variants.glob("libggml-cpu-*.so")):
        return
    load = ctypes.CDLL(str(library)).ggml_backend_load_all_from_path
    load.argtypes, load.restype = [ctypes.c_char_p], None
    load(str(variants).encode())


def _grammar(sampling: Sampling) -> Any:
    rules, schema = sampling.grammar, sampling.json_schema
    try:
        if rules is not None:
            return LlamaGrammar.from_string(rules, verbose=False)
        if schema is not None:
            text = json.dumps(schema)
            return LlamaGrammar.from_json_schema(text, verbose=False)
    except Exception as err:  # noqa: BLE001 - its errors have no common base
        raise ModelUnusableError(
            f"the schema of the answer can't be used ({err})"
        ) from None
    return None
