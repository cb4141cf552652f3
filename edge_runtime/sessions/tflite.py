"""TFLite graphs by LiteRT, or by the older tflite-runtime."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from ..errors import ModelBrokenError, ModelUnusableError
from .base import Array, first_line

_LITERT: Final = "ai_edge_litert"
_RUNTIME: Final = "tflite_runtime"
_NUMPY_2: Final = "2.0.0"


class TfliteSession:
    """One TFLite graph.

    Open sizes are set before a run where they differ from the last one's. The memory
    of a graph is planned as one block, which stays: there is nothing to give back.
    """

    modules: tuple[str, ...] = (_LITERT, _RUNTIME)
    """What can run it, the best first: the first that is installed does."""

    def __init__(
        self,
        path: str,
        *,
        threads: int,
        options: Mapping[str, Any],
        initializers: Mapping[str, float] | None = None,
    ) -> None:
        if initializers:
            raise ModelBrokenError(
                f"{path}: numbers of a TFLite graph can't be replaced"
            )
        module = _interpreters(self.modules)
        settings: dict[str, Any] = {"model_path": path, "num_threads": threads}
        if not options.get("xnnpack", True):
            resolvers = module.OpResolverType
            kernels = resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            settings["experimental_op_resolver_type"] = kernels
        try:
            self._interpreter = module.Interpreter(**settings)
        except MemoryError:
            raise
        except Exception as err:  # noqa: BLE001 - its errors have no common base
            raise ModelBrokenError(
                f"{path}: can't be loaded by {module.__name__}: {first_line(err)}"
            ) from None
        self._path = path
        given = self._interpreter.get_input_details()
        returned = self._interpreter.get_output_details()
        self._shapes = {form["name"]: _open_shape(form) for form in given}
        self._given = {form["name"]: (form["index"], form["dtype"]) for form in given}
        self._returned = [form["index"] for form in returned]
        self.inputs = tuple(self._given)
        self.outputs = tuple(form["name"] for form in returned)
        self.metadata: Mapping[str, str] = {}
        self._fed: dict[str, tuple[int, ...]] = {}

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Return an input's shape; None where the graph leaves the size open."""
        return self._shapes[name]

    def run(self, feeds: Mapping[str, Array], *, last: bool = False) -> Sequence[Array]:
        """Return all outputs in order; `last` gives working memory back after it."""
        del last  # the block that a graph computes in is its own for good
        try:
            self._resize({name: feeds[name].shape for name in self.inputs})
            for name, (index, kind) in self._given.items():
                values = np.ascontiguousarray(feeds[name], kind)
                self._interpreter.set_tensor(index, values)
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as err:
            raise ModelBrokenError(
                f"{self._path}: can't be run: {first_line(err)}"
            ) from None
        return [self._interpreter.get_tensor(index) for index in self._returned]

    def _resize(self, wanted: dict[str, tuple[int, ...]]) -> None:
        if wanted == self._fed:
            return
        for name, shape in wanted.items():
            if None in self._shapes[name] and self._fed.get(name) != shape:
                self._interpreter.resize_tensor_input(self._given[name][0], shape)
        self._interpreter.allocate_tensors()
        self._fed = wanted


class TfliteRuntimeSession(TfliteSession):
    """The same by tflite-runtime, also where LiteRT is installed beside it."""

    modules = (_RUNTIME,)


def _interpreters(modules: tuple[str, ...]) -> Any:
    """Return the module of the library that is here."""
    found = next((name for name in modules if find_spec(name) is not None), modules[0])
    if found == _RUNTIME and np.lib.NumpyVersion(np.__version__) >= _NUMPY_2:
        raise ModelUnusableError(
            f"tflite-runtime fails beside numpy {np.__version__}: "
            "pip install 'numpy<2', or ai-edge-litert in its place"
        )
    return import_module(f"{found}.interpreter")


def _open_shape(form: Mapping[str, Any]) -> tuple[int | None, ...]:
    sizes = form.get("shape_signature", form["shape"])
    return tuple(None if size < 0 else int(size) for size in sizes)
