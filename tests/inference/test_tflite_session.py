"""TFLite's older library is refused beside a numpy that it fails with."""

import pytest

from edge_runtime.errors import ModelUnusableError
from edge_runtime.sessions.tflite import TfliteRuntimeSession


def test_tflite_runtime_beside_numpy_2_is_refused_with_the_cure(tmp_path, monkeypatch):
    package = tmp_path / "tflite_runtime"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelUnusableError, match="pip install 'numpy<2'"):
        TfliteRuntimeSession("any.tflite", threads=1, options={})
