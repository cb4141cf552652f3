"""Single members out of archives, good and bad."""

from dataclasses import replace
import hashlib
import io
import tarfile
import zipfile

import pytest

from edge_runtime.downloads.archive import append_member
from edge_runtime.errors import (
    DownloadError,
    HashMismatchError,
    SizeMismatchError,
    SourceNotFoundError,
)
from tests.downloads.models import (
    DATA,
    everything_below,
    model,
    model_file,
    url_source,
)

WHOLE = {".lock", "installed.json", "model.onnx"}


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return out.getvalue()


def tar_of(
    members: dict[str, bytes], *, link: str | None = None, kind: str = "gz"
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{kind}") as bundle:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            bundle.addfile(info, io.BytesIO(data))
        if link is not None:
            info = tarfile.TarInfo("model.onnx")
            info.type, info.linkname = tarfile.SYMTYPE, link
            bundle.addfile(info)
    return out.getvalue()


@pytest.mark.parametrize("pack", [zip_of, tar_of])
async def test_one_member_of_an_archive_is_taken(server, make_store, tmp_path, pack):
    server.add("/pack", pack({"other": b"o", "deep/model.onnx": DATA}))
    spec = model(model_file(url_source(f"{server.url}/pack", "deep/*.onnx")))
    paths = await make_store().ensure(spec)
    assert paths["encoder"].read_bytes() == DATA
    assert everything_below(tmp_path / "home/models/some-model") == WHOLE


@pytest.mark.parametrize(
    ("data", "member", "error", "words"),
    [
        (b"no archive", "m", DownloadError, "neither a zip nor a tar"),
        (zip_of({"a": b""}), "b", SourceNotFoundError, "holds no 'b'"),
        (zip_of({"a1": b"", "a2": b""}), "a*", DownloadError, "2 files like 'a"),
        (zip_of({"../m": b""}), "*m", DownloadError, "unsafe path '../m'"),
        (tar_of({"/etc/m": b""}), "*m", DownloadError, "unsafe path '/etc/m'"),
        (tar_of({}, link="/etc/passwd"), "model.onnx", SourceNotFoundError, "holds no"),
        (zip_of({"m": DATA})[:-200], "m", DownloadError, "neither a zip"),
        (tar_of({"m": DATA})[:-2000], "m", DownloadError, "is damaged"),
        (zip_of({"m": DATA * 2}), "m", SizeMismatchError, "more than 300000"),
    ],
)
async def test_a_bad_archive_leaves_nothing(
    server, make_store, tmp_path, data, member, error, words
):
    server.add("/pack", data)
    spec = model(model_file(url_source(f"{server.url}/pack", member)))
    with pytest.raises(DownloadError, match=words) as caught:
        await make_store().ensure(spec)
    assert type(caught.value) is error
    assert not (tmp_path / "home/models/some-model").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_told_of_every_way_to_pack(tmp_path, method):
    pack, out = tmp_path / "pack", tmp_path / "out"
    data = bytearray(zip_of({"m": DATA}, method))
    data[60:5000] = bytes(4940)
    pack.write_bytes(data)
    with pytest.raises(DownloadError, match="pack is damaged"):
        append_member(pack, "m", out, None)


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_damage_is_told_of_every_kind_of_tar(tmp_path, kind):
    pack, out = tmp_path / "pack", tmp_path / "out"
    other = hashlib.shake_256(b"more than one block of bz2").digest(1_500_000)
    data = bytearray(tar_of({"a": other, "m": DATA}, kind=kind))
    assert append_whole(pack, bytes(data), out) == len(DATA)
    data[-40_000:-20_000] = bytes(20_000)
    with pytest.raises(DownloadError, match="pack is damaged"):
        append_whole(pack, bytes(data), out)


def append_whole(pack, data, out):
    pack.write_bytes(data)
    return append_member(pack, "m", out, None)


def test_the_listing_of_an_archive_can_be_stopped(tmp_path):
    pack = tmp_path / "pack"
    pack.write_bytes(tar_of({"m": DATA}))
    with pytest.raises(SourceNotFoundError):
        append_member(pack, "m", tmp_path / "out", None, lambda: True)


def test_damaged_and_locked_members_are_told(tmp_path):
    pack = tmp_path / "pack"
    data = bytearray(zip_of({"m": DATA}))
    data[5000] ^= 0xFF
    pack.write_bytes(data)
    with pytest.raises(DownloadError, match="pack is damaged"):
        append_member(pack, "m", tmp_path / "out", None)
    data = bytearray(zip_of({"m": b"secret"}))
    data[6] |= 1  # the flag of an encrypted member, in both headers
    data[data.index(b"PK\1\2") + 8] |= 1
    pack.write_bytes(data)
    with pytest.raises(DownloadError, match="can't be unpacked"):
        append_member(pack, "m", tmp_path / "out", None)
    pack.write_bytes(zip_of({"m": DATA}))
    with pytest.raises(FileNotFoundError):
        append_member(pack, "m", tmp_path / "none/out", None)
    assert append_member(pack, "m", tmp_path / "cut", None, lambda: True) == 0


def three_members(server):
    names = ("encoder.onnx", "decoder.onnx", "vocab.pkl")
    contents = {f"pack/{name}": DATA + name.encode() for name in names}
    files = [
        model_file(
            url_source(f"{server.url}/pack", member),
            data=data,
            path=member.removeprefix("pack/"),
            role=None,
        )
        for member, data in contents.items()
    ]
    return contents, model(*files)


async def test_an_archive_comes_once_for_all_its_members(server, make_store, tmp_path):
    contents, spec = three_members(server)
    server.add("/pack", tar_of(contents))
    paths = await make_store().ensure(spec)
    assert [path.read_bytes() for path in paths.values()] == list(contents.values())
    assert server.paths() == ["/pack"]
    folder = tmp_path / "home/models/some-model"
    names = {file.path for file in spec.files}
    assert everything_below(folder) == {".lock", "installed.json", *names}


async def test_an_archive_with_one_wrong_member_is_fetched_again(
    server, make_store, tmp_path
):
    contents, spec = three_members(server)
    wrong = {**contents, "pack/decoder.onnx": DATA + b"another one!"}
    server.add("/pack", tar_of(wrong))
    with pytest.raises(HashMismatchError, match=r"decoder\.onnx could not be fetched"):
        await make_store().ensure(spec)
    folder = tmp_path / "home/models/some-model"
    assert everything_below(folder) == {".lock", "installed.json", "encoder.onnx"}
    server.add("/pack", tar_of(contents))
    await make_store().ensure(spec, force=True)
    assert server.paths() == ["/pack", "/pack"]


async def test_an_archive_that_is_there_needs_no_server(server, make_store, tmp_path):
    contents, spec = three_members(server)
    served = server.add("/pack", tar_of(contents))
    one = replace(spec, files=(*spec.files[:1], model_file(path="none.onnx")))
    with pytest.raises(SourceNotFoundError, match="none"):
        await make_store().ensure(one)
    served.status = 503
    await make_store().ensure(spec)
    assert server.paths().count("/pack") == 1


async def test_an_old_archive_with_a_wrong_member_is_fetched_again_at_once(
    server, make_store, tmp_path
):
    contents, spec = three_members(server)
    served = server.add("/pack", tar_of({**contents, "pack/vocab.pkl": b"old"}))
    one = replace(spec, files=(*spec.files[:1], model_file(path="none.onnx")))
    with pytest.raises(SourceNotFoundError, match="none"):
        await make_store().ensure(one)
    served.data = tar_of(contents)
    unsized = tuple(replace(file, bytes=None) for file in spec.files)
    await make_store().ensure(replace(spec, files=unsized))
    assert server.paths().count("/pack") == 2
