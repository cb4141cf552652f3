"""onnxruntime, with the memory settings that small machines need."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
import os
from threading import Lock
from typing import Any, Final

# Nothing leaves the house: onnxruntime's own reports are off before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime as ort

from ..errors import ModelBrokenError, ProviderFailedError
from .base import Array, first_line
from .onnx_providers import CPU, chosen
from .onnx_weights import FOLDER, without_weights

_ERROR_SEVERITY: Final = 3
_SAME_AS_REQUESTED: Final = 1
_COPYING: Final = Lock()
"""Weights are copied while they load: two graphs' copies at once need not be."""


def _share_arena() -> None:
    """Give all sessions one arena that grows by what is asked for, not by doubling."""
    memory = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    growth = ort.OrtArenaCfg({"arena_extend_strategy": _SAME_AS_REQUESTED})
    ort.create_and_register_allocator(memory, growth)


_share_arena()


def _settings(threads: int, options: Mapping[str, Any]) -> Any:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = _ERROR_SEVERITY
    # Spinning threads burn the cores that Home Assistant needs.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.add_session_config_entry("session.use_env_allocators", "1")
    for key, value in options.get("session_config", {}).items():
        settings.add_session_config_entry(key, str(value))
    return settings


class OnnxSession:
    """One ONNX graph, of a file or in memory.

    The arena stays on (switching it off raises the peak of convolution nets by 70 %)
    and is shrunk after a run marked `last`.
    """

    def __init__(
        self,
        path: str | bytes,
        *,
        threads: int,
        options: Mapping[str, Any],
        initializers: Mapping[str, float] | None = None,
    ) -> None:
        self._path = path if isinstance(path, str) else "a graph in memory"
        settings = _settings(threads, options)
        # onnxruntime keeps no copy of these, and takes no notice of names it lacks.
        self._initializers = {
            name: ort.OrtValue.ortvalue_from_numpy(np.array(value, np.float32))
            for name, value in (initializers or {}).items()
        }
        for name, value in self._initializers.items():
            settings.add_initializer(name, value)
        self._provider = options.get("provider")
        mapped = None
        if isinstance(path, str) and self._provider is None:
            mapped = without_weights(path)
        if mapped is not None:
            settings.add_session_config_entry(FOLDER, mapped.folder)
        try:
            with _COPYING if mapped is None else nullcontext():
                self._session = ort.InferenceSession(
                    path if mapped is None else mapped.graph,
                    settings,
                    providers=chosen(options, threads),
                    # It takes over the graph's own numbers before they are replaced.
                    disabled_optimizers=["MatMulScaleFusion"] if initializers else None,
                )
        except MemoryError:
            raise
        except Exception as err:  # noqa: BLE001 - its errors have no common base
            self._blame_provider(err)
            raise ModelBrokenError(
                f"{self._path}: can't be loaded by onnxruntime: {first_line(err)}"
            ) from None
        self._session._model_bytes = None  # noqa: SLF001 - it would keep the graph
        if self._provider and self._session.get_providers() == [CPU]:
            raise ProviderFailedError(f"onnxruntime left '{self._provider}' by itself")
        # A kept NodeArg keeps the whole graph in memory: copy names and shapes.
        self._shapes = {
            arg.name: tuple(d if isinstance(d, int) else None for d in arg.shape)
            for arg in self._session.get_inputs()
        }
        self.inputs = tuple(self._shapes)
        self.outputs = tuple(arg.name for arg in self._session.get_outputs())
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        self._names = list(self.outputs)
        self._shrink = ort.RunOptions()
        self._shrink.add_run_config_entry(
            "memory.enable_memory_arena_shrinkage", "cpu:0"
        )

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return an input's shape; None where the graph leaves the size open."""
        return self._shapes[name]

    def run(self, feeds: Mapping[str, Array], *, last: bool = False) -> Sequence[Array]:
        """Return all outputs in order; `last` gives working memory back after it."""
        try:
            result: Sequence[Array] = self._session.run(
                self._names, feeds, self._shrink if last else None
            )
        except MemoryError:
            raise
        except Exception as err:  # noqa: BLE001 - its errors have no common base
            self._blame_provider(err)
            raise ModelBrokenError(
                f"{self._path}: onnxruntime can't run it: {first_line(err)}"
            ) from None
        return result

    def _blame_provider(self, err: Exception) -> None:
        """Raise what lets the processor take over, if something else was at work."""
        if self._provider is not None:
            raise ProviderFailedError(
                f"{self._provider} failed: {first_line(err)}"
            ) from None
