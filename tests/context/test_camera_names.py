"""What a camera is called: its maker once."""

import pytest

from edge_runtime.facts import camera_name


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon PowerShot S5 IS", "Canon PowerShot S5 IS"),
        ("NIKON CORPORATION", "NIKON D50", "NIKON D50"),
        ("EASTMAN KODAK COMPANY", "KODAK DX6440 ZOOM", "KODAK DX6440 ZOOM"),
        ("PENTAX Corporation", "PENTAX *ist DL", "PENTAX *ist DL"),
        ("Xiaomi", "Mi A3", "Xiaomi Mi A3"),
        ("", "Mi A3", "Mi A3"),
        ("Apple", "", "Apple"),
        ("", "", ""),
    ],
)
def test_the_maker_is_named_once(make, model, name):
    assert camera_name(make, model) == name
