"""A service in an empty home, and a second captioner that lies ready beside it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
import shutil

import pytest
from service_helpers import SECOND
from serving import serving

from edge_runtime.config import AutoDownload, Settings
from edge_runtime.manifest import load_manifest
from edge_runtime.runtime import EdgeRuntime
from edge_runtime.service import Service

_ROW = """
  - id: {id}
    task: image-to-text
    family: encoder_decoder
    library: onnxruntime
    format: onnx
    tuning: finetuned
    license: {license}
    requires_acceptance: {asks}
    languages: [en]
    verified: false
    quality: {{score: 95}}
    requires: {{memory_bytes: {memory}}}
    preprocess: {preprocess}
    generate: {generate}
    files:
"""


@pytest.fixture(scope="session")
def second_model(tmp_path_factory) -> tuple[Path, Path]:
    """Return a manifest and a folder of files: the embedded captioner once more."""
    folder = tmp_path_factory.mktemp("second")
    tiny = load_manifest(None).get("tiny-captioner")
    looks = [{"side": s, "mirrored": m} for s, m in tiny.preprocess["looks"]]
    rows = "schema_version: 1\nmodels:"
    for name, asks, memory in (
        (SECOND, "false", 130_000_000),
        ("asking-captioner", "true", 130_000_000),
        ("giant-captioner", "false", 900_000_000_000),
    ):
        rows += _ROW.format(
            id=name,
            license="MIT",
            asks=asks,
            memory=memory,
            preprocess=_flow({**tiny.preprocess, "looks": looks}),
            generate=_flow(tiny.generate),
        )
        for file in tiny.files:
            bundled = Path("edge_runtime/bundled") / file.sources[0].location
            target = folder / name / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if name == SECOND:
                shutil.copy(bundled, target)
            rows += (
                f"      - {{path: {file.path}, role: {file.role},"
                f" bytes: {file.bytes}, sha256: {file.sha256},"
                f" sources: [{{url: 'https://models.invalid/{file.path}'}}]}}\n"
            )
    manifest = folder / "models.yaml"
    manifest.write_text(rows)
    return manifest, folder


def _flow(values) -> str:
    plain = {
        k: list(v) if isinstance(v, tuple | list) else v for k, v in values.items()
    }
    return repr(plain).replace("True", "true").replace("False", "false")


@pytest.fixture
def settings(tmp_path, second_model) -> Settings:
    manifest, folder = second_model
    return replace(
        Settings(home=tmp_path / "home"),
        offline=True,
        threads=1,
        manifest=manifest,
        models_folder=folder,
        auto_download=AutoDownload.NO,
    )


@pytest.fixture(scope="session")
def home_with_second(tmp_path_factory, second_model) -> Path:
    """Return a home in which the second captioner is installed and proven."""
    manifest, folder = second_model
    home = tmp_path_factory.mktemp("installed") / "home"
    settings = Settings(
        home=home, offline=True, threads=1, manifest=manifest, models_folder=folder
    )

    async def install() -> None:
        async with EdgeRuntime(settings) as runtime:
            spec = runtime.model(SECOND)
            await runtime.store.ensure(spec)
            assert (await runtime.self_test(spec)).passed

    asyncio.run(install())
    return home


@pytest.fixture
async def service_with_second(settings, home_with_second) -> AsyncIterator[Service]:
    """Return a service whose second captioner is installed already."""
    shutil.copytree(home_with_second, settings.home)
    async with serving(settings) as service:
        yield service


@pytest.fixture
async def service(settings) -> AsyncIterator[Service]:
    async with serving(settings) as service:
        yield service
