"""States, paths, plans, checks and clean-ups of the model store."""

from dataclasses import replace
import json
import shutil
import subprocess
import sys

import pytest

from edge_runtime.config import Settings
from edge_runtime.const import EMBEDDED_MODEL
from edge_runtime.downloads import ModelState, ModelStore
from edge_runtime.downloads.files import check_room, inside
from edge_runtime.downloads.installed import origin_of
from edge_runtime.downloads.reach import ReachMemory
from edge_runtime.errors import (
    DiskFullError,
    DownloadError,
    LicenseNotAcceptedError,
    ModelNotInstalledError,
    OfflineError,
    SourceNotFoundError,
    SourceUnreachableError,
)
from edge_runtime.manifest import load_manifest
from edge_runtime.manifest.model import FileSource, SourceKind
from tests.downloads.models import (
    BUNDLED,
    DATA,
    home_of,
    hub_source,
    model,
    model_file,
    put,
    url_source,
)


async def test_a_bundled_model_is_used_in_place(make_store, tmp_path):
    put(tmp_path / "bundled/tiny/model.onnx")
    store, spec = make_store(), model(model_file(BUNDLED))
    assert store.state(spec) is ModelState.BUNDLED
    expected = {"encoder": tmp_path / "bundled/tiny/model.onnx"}
    assert store.paths(spec) == await store.ensure(spec) == expected
    assert store.verify(spec) == []
    assert not home_of(tmp_path).exists()


async def test_a_bundled_file_of_the_wrong_size_comes_from_the_next_source(
    server, make_store, tmp_path
):
    put(tmp_path / "bundled/tiny/model.onnx", DATA[:-1])
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model(model_file(BUNDLED, hub_source()))
    assert store.state(spec) is ModelState.MISSING
    paths = await store.ensure(spec)
    assert paths["encoder"] == home_of(tmp_path) / "some-model/model.onnx"


async def test_a_missing_bundled_file_is_named(make_store):
    with pytest.raises(SourceNotFoundError, match="this package does not hold it"):
        await make_store().ensure(model(model_file(BUNDLED)))


async def test_a_row_without_sources_is_named(make_store):
    file = replace(model_file(), sources=())
    store = make_store()
    assert store.plan(model(file)).files[0].source == "nowhere"
    with pytest.raises(SourceNotFoundError, match="the manifest names no source"):
        await store.ensure(model(file))


def test_paths_of_a_missing_model_say_how_to_get_it(make_store):
    with pytest.raises(ModelNotInstalledError) as caught:
        make_store().paths(model())
    assert caught.value.message == (
        "model 'some-model' is not installed (1 of 1 files missing, the first is "
        "model.onnx); get it with: edge-captions download some-model"
    )


async def test_paths_are_named_by_role_and_else_by_path(server, make_store):
    names = {"a.onnx": "encoder", "b.onnx": "encoder", "sub/c.txt": None}
    files = []
    for name, role in names.items():
        server.hub_file(name, DATA)
        files.append(model_file(hub_source(name), path=name, role=role))
    paths = await make_store().ensure(model(*files))
    assert list(paths) == ["encoder", "b.onnx", "sub/c.txt"]


async def test_files_that_came_before_a_failure_stay(server, make_store):
    server.hub_file("a.onnx", DATA)
    files = [model_file(hub_source(n), path=n) for n in ("a.onnx", "b.onnx")]
    store, spec = make_store(), model(*files)
    with pytest.raises(SourceNotFoundError):
        await store.ensure(spec)
    assert store.state(spec) is ModelState.PARTIAL
    server.hub_file("b.onnx", DATA)
    await store.ensure(spec)
    assert server.paths().count("/maker/model/resolve/main/a.onnx") == 1


async def test_offline_touches_no_network_and_says_so(server, make_store):
    server.hub_file("model.onnx", DATA)
    with pytest.raises(OfflineError, match="switched off"):
        await make_store(offline=True).ensure(model(model_file(BUNDLED, hub_source())))
    assert server.seen == []


async def test_a_model_to_be_converted_says_where_it_can_be_put(make_store, tmp_path):
    source = FileSource(SourceKind.CONVERT, "maker/model")
    store, spec = make_store(), model(model_file(source))
    assert store.plan(spec).files[0].source == "convert maker/model"
    with pytest.raises(DownloadError, match="convert maker/model") as caught:
        await store.ensure(spec)
    folder = home_of(tmp_path) / "some-model"
    assert caught.value.message.endswith(f"models/some-model here ({folder})")
    put(folder / "model.onnx")
    await store.ensure(spec)


async def test_a_plan_counts_what_is_still_to_come(server, make_store, tmp_path):
    put(home_of(tmp_path) / "some-model/b.onnx.part", DATA[:1000])
    files = (
        model_file(path="a.onnx"),
        model_file(path="b.onnx"),
        model_file(path="c.onnx", pinned=False),
    )
    plan = make_store().plan(model(*files))
    assert plan.state is ModelState.PARTIAL
    assert plan.fetch_bytes == 2 * len(DATA) - 1000
    assert not plan.sizes_known
    assert [file.have_bytes for file in plan.files] == [0, 1000, 0]
    assert server.seen == []


async def test_joined_parts_and_archives_are_counted_as_begun(make_store, tmp_path):
    folder = home_of(tmp_path) / "some-model"
    parts = tuple((f"part{i}==1.0", "m") for i in range(3))
    joined = FileSource(SourceKind.PYPI, "part0==1.0", parts=parts)
    store, spec = make_store(), model(model_file(joined), model_file(path="b.onnx"))
    assert store.state(spec) is ModelState.MISSING
    assert store.room_needed(spec) == 2 * len(DATA) + 100_000
    put(folder / ".work/part2.whl.part", DATA[:30_000])
    assert store.state(spec) is ModelState.PARTIAL
    put(folder / "model.onnx.joined.part", DATA[:200_000])
    plan = store.plan(spec)
    assert plan.state is ModelState.PARTIAL
    assert [file.have_bytes for file in plan.files] == [230_000, 0]
    assert plan.fetch_bytes == 2 * len(DATA) - 230_000
    assert store.room_needed(spec) == plan.fetch_bytes + 100_000


async def test_an_installed_model_needs_no_room(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA)
    store, spec = make_store(), model()
    assert store.room_needed(spec) == len(DATA)
    await store.ensure(spec)
    assert store.room_needed(spec) == 0
    placed = model(id="placed")
    put(home_of(tmp_path) / "placed/model.onnx")
    assert store.room_needed(placed) == 0
    put(tmp_path / "usb/ready/model.onnx")
    ready = make_store(models_folder=tmp_path / "usb")
    assert ready.room_needed(model(id="ready")) == len(DATA)


async def test_a_licence_is_asked_for_once_and_recorded(server, make_store, tmp_path):
    server.hub_file("model.onnx", DATA)
    terms = {"requires_acceptance": True, "license_note": "no weapons"}
    store, spec = make_store(), model(license="LicenseRef-Gemma", **terms)
    assert store.plan(spec).license_pending
    with pytest.raises(LicenseNotAcceptedError, match=r"LicenseRef-Gemma \(no weap"):
        await store.ensure(spec)
    store.accept_license(spec)
    assert not store.license_pending(spec)
    await store.ensure(spec)
    recorded = json.loads((tmp_path / "home/accepted-licenses.json").read_text())
    assert recorded["some-model"]["license"] == "LicenseRef-Gemma"
    assert store.license_pending(replace(spec, license="LicenseRef-Other"))


def test_a_consent_that_cant_be_recorded_is_told(make_store, tmp_path):
    home = put(tmp_path / "file")
    with pytest.raises(DownloadError, match=r"file.* can't be written: (File|Not)"):
        make_store(home=home).accept_license(model(requires_acceptance=True))


def test_a_licence_accepted_in_the_settings_is_accepted(make_store):
    spec = model(requires_acceptance=True)
    assert not make_store(accepted_licenses=("some-model",)).license_pending(spec)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "", "a/../../x", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path, path):
    with pytest.raises(DownloadError, match="no path inside"):
        inside(tmp_path, path)


def test_a_disk_without_room_is_told_before_the_download(tmp_path):
    with pytest.raises(DiskFullError, match=r"need .* free with a reserve"):
        check_room(tmp_path, shutil.disk_usage(tmp_path).free)


async def test_a_model_larger_than_the_disk_is_not_begun(server, make_store):
    size = 10**16
    spec = model(replace(model_file(url_source(server.url)), bytes=size))
    with pytest.raises(DiskFullError, match="not enough room"):
        await make_store().ensure(spec)
    assert server.seen == []


def test_other_members_and_parts_are_other_origins():
    first = FileSource(SourceKind.PYPI, "a==1", member="m", parts=(("a==1", "m"),))
    others = (
        replace(first, member="n"),
        replace(first, parts=(("a==1", "m"), ("b==1", "m"))),
        replace(first, parts=(("a==1", "m"), ("c==1", "m"))),
    )
    assert len({origin_of((source,)) for source in (first, *others)}) == 4


def test_an_unreachable_server_is_forgotten_after_ten_minutes(tmp_path):
    clock = [1000.0]
    memory = ReachMemory(tmp_path, now=lambda: clock[0])
    memory.remember("http://hub", "no route")
    memory.check("http://other")
    clock[0] += 300
    with pytest.raises(SourceUnreachableError, match=r"5 min ago \(no route\)"):
        memory.check("http://hub")
    clock[0] += 301
    memory.check("http://hub")
    clock[0] = 0.0  # the clock was set back
    memory.check("http://hub")
    (tmp_path / ".unreachable.json").write_text('{"http://hub": 4}')
    memory.check("http://hub")


def test_looking_at_models_imports_no_network_code(tmp_path):
    code = (
        "import sys; from edge_runtime.downloads import ModelStore\n"
        "heavy = {'aiohttp', 'huggingface_hub', 'numpy', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_the_stores_default_is_the_package(settings: Settings):
    store = ModelStore(settings)
    embedded = load_manifest(environ={}).get(EMBEDDED_MODEL)
    assert store.state(embedded) is ModelState.BUNDLED
    missing = FileSource(SourceKind.BUNDLED, "no-such-model/model.onnx")
    assert store.state(model(model_file(missing))) is ModelState.MISSING


async def test_a_part_of_a_file_with_a_longer_name_is_left_alone(
    server, make_store, tmp_path
):
    part = put(home_of(tmp_path) / "some-model/model.onnx_data.part", DATA[:50])
    server.hub_file("model.onnx", DATA)
    server.hub_file("model.onnx_data", DATA)
    names = ("model.onnx", "model.onnx_data")
    files = [model_file(hub_source(name), path=name) for name in names]
    await make_store().ensure(model(files[0]))
    assert part.exists()
    await make_store().ensure(model(*files))
    assert server.seen[-1].headers["Range"] == "bytes=50-"


@pytest.mark.parametrize("name", ["model.onnx.part", "installed.json"])
async def test_a_folder_in_the_place_of_a_working_file_is_told(
    server, make_store, tmp_path, name
):
    (home_of(tmp_path) / "some-model" / name).mkdir(parents=True)
    server.hub_file("model.onnx", DATA)
    with pytest.raises(DownloadError, match=f"{name} can't be written: Is a dir"):
        await make_store().ensure(model())


async def test_a_file_in_the_place_of_a_working_folder_is_told(
    server, make_store, tmp_path
):
    put(home_of(tmp_path) / "some-model/.work", b"")
    server.add("/pack.zip", DATA)
    spec = model(model_file(url_source(f"{server.url}/pack.zip", "m")))
    with pytest.raises(DownloadError, match=r"\.work.* can't be written: (File|Not)"):
        await make_store().ensure(spec)


async def test_a_folder_in_the_place_of_a_file_is_told(server, make_store, tmp_path):
    (home_of(tmp_path) / "some-model/model.onnx").mkdir(parents=True)
    server.hub_file("model.onnx", DATA)
    with pytest.raises(DownloadError, match=r"model.onnx can't be written: Is a dir"):
        await make_store().ensure(model())
