"""What decoding takes, measured in fresh child processes, is what was said."""

from pathlib import Path
import subprocess
import sys

from imaging_pictures import encode
import numpy as np
from PIL import Image
import pytest

from edge_runtime.imaging import PhotoFormat, PhotoHeader, decode_need, read_header

ROOT = Path(__file__).parents[2]
MB = 1_000_000
TARGET = 224
# VmHWM and not ru_maxrss, which counts the parent at the fork as well
MEASURE = """
import sys
from edge_runtime.imaging import open_photo
def status(key):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024
warm_up, photo, target = sys.argv[1:]
if warm_up:
    open_photo(warm_up, 16)
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS") if warm_up else 0
open_photo(photo, int(target))
print(status("VmHWM") - before)
"""


def peak_bytes(photo: Path, warm_up: Path | None = None) -> int:
    found = subprocess.run(
        [sys.executable, "-c", MEASURE, str(warm_up or ""), str(photo), str(TARGET)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return int(found.stdout)


def soft_noise(width: int, height: int, mode: str) -> Image.Image:
    """A picture that takes some bytes to code, but not as many as noise."""
    chance = np.random.default_rng(3)
    cells = chance.integers(0, 256, (height // 16, width // 16, 3), np.uint8)
    picture = Image.fromarray(cells).resize((width, height), Image.Resampling.BILINEAR)
    return picture.convert(mode)


CASES = {
    "baseline": ("JPEG", "RGB", {}),
    "progressive": ("JPEG", "RGB", {"progressive": True}),
    "progressive-444": ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    "progressive-cmyk": ("JPEG", "CMYK", {"progressive": True}),
    "png": ("PNG", "RGB", {"compress_level": 1}),
    "png-gray": ("PNG", "L", {"compress_level": 1}),
    "png-rgba": ("PNG", "RGBA", {"compress_level": 1}),
    "png-palette": ("PNG", "P", {"compress_level": 1}),
    "png-16-bit": ("PNG", "I;16", {"compress_level": 1}),
    "webp": ("WEBP", "RGB", {"method": 0}),
    "webp-rgba": ("WEBP", "RGBA", {"method": 0}),
    "avif": ("AVIF", "RGB", {"speed": 10}),
    "avif-444": ("AVIF", "RGB", {"speed": 10, "subsampling": "4:4:4"}),
    "tiff": ("TIFF", "RGB", {}),
    "tiff-lzw": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "tiff-float": ("TIFF", "F", {}),
    "gif": ("GIF", "P", {}),
    "bmp": ("BMP", "RGB", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_need_said_is_the_need_measured(case, tmp_path):
    kind, mode, options = CASES[case]
    photo, small = tmp_path / "photo", tmp_path / "small"
    for path, size in ((photo, (2800, 2000)), (small, (64, 48))):
        picture = soft_noise(*size, "L" if mode == "I;16" else mode)
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
        path.write_bytes(encode(picture, kind, **options))
    need = decode_need(read_header(photo), TARGET)
    peak = peak_bytes(photo, small)
    assert peak <= need
    # a GIF may have a clear colour, which would take a third copy
    slack = 1.9 if kind == "GIF" else 1.4
    assert need <= slack * peak + 12 * MB


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("chroma", [(2, 2), (1, 1)])
def test_the_need_of_a_heic_grows_with_depth_and_chroma(depth, chroma):
    header = PhotoHeader(
        format=PhotoFormat.HEIC,
        width=4000,
        height=3000,
        bytes=2 * MB,
        bit_depth=depth,
        sampling=(chroma, (1, 1), (1, 1)),
    )
    # pi_heif 1.4, 12 megapixels, in MiB
    measured = {(8, 2): 53.4, (8, 1): 104.8, (10, 2): 87.8, (10, 1): 173.4}
    peak = measured[depth, chroma[0]] * 1024 * 1024
    assert peak <= decode_need(header, TARGET) <= 1.4 * peak + 12 * MB


def test_a_baseline_jpeg_with_several_scans_needs_all_coefficients():
    data = bytearray(encode(soft_noise(640, 480, "RGB"), "JPEG"))
    assert not read_header(bytes(data)).progressive
    data[data.index(b"\xff\xda") + 4] = 1
    assert read_header(bytes(data)).progressive


def test_48_megapixels_take_hardly_more_than_one(tmp_path):
    large, small = tmp_path / "48.jpg", tmp_path / "1.jpg"
    Image.new("RGB", (8064, 6048), (200, 120, 40)).save(large)
    Image.new("RGB", (1152, 864), (200, 120, 40)).save(small)
    assert read_header(large).width * read_header(large).height > 48 * MB
    assert peak_bytes(large) - peak_bytes(small) < 40 * MB


def test_a_48_megapixel_heic_of_a_phone_does_not_fit_a_small_machine():
    header = PhotoHeader(PhotoFormat.HEIC, 8064, 6048, 8 * MB)
    assert decode_need(header, TARGET) > 200 * MB
