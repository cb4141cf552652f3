"""Choosing a folder to watch: only within the allowed ones."""

from dataclasses import replace

import pytest

API = "/api/v1/folders"


@pytest.fixture
def settings(settings, tmp_path):
    photos = tmp_path / "photos"
    for name in ("2024/Lisbon", "2025", ".hidden", "@eaDir", "<b>weird"):
        (photos / name).mkdir(parents=True)
    (photos / "2024" / "a.jpg").write_bytes(b"")
    (photos / "2024" / "b.HEIC").write_bytes(b"")
    (photos / "2024" / "notes.txt").write_bytes(b"")
    (tmp_path / "private").mkdir()
    (photos / "out").symlink_to(tmp_path / "private")
    return replace(settings, allowed_folders=(photos, tmp_path / "gone"))


async def test_folders_are_chosen_step_by_step(client, tmp_path):
    async with client.get(API) as response:
        start = await response.json()
    photos = str(tmp_path / "photos")
    assert start["folders"] == [{"name": "photos", "path": photos}]
    assert start["path"] is None
    async with client.get(API, params={"path": photos}) as response:
        found = await response.json()
    assert [one["name"] for one in found["folders"]] == ["2024", "2025", "<b>weird"]
    assert (found["parent"], found["photos"]) == (None, 0)
    async with client.get(API, params={"path": f"{photos}/2024"}) as response:
        found = await response.json()
    assert [one["name"] for one in found["folders"]] == ["Lisbon"]
    assert (found["parent"], found["photos"]) == (photos, 2)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("{tmp}", 403),
        ("{tmp}/private", 403),
        ("{tmp}/photos/out", 403),
        ("{tmp}/photos/../private", 403),
        ("{tmp}/photos/nope", 404),
        ("photos", 404),
        ("/", 403),
    ],
)
async def test_other_folders_are_not_listed(client, tmp_path, path, status):
    params = {"path": path.format(tmp=tmp_path)}
    async with client.get(API, params=params) as response:
        assert response.status == status
        assert "folders" not in await response.json()


async def test_only_who_rules_may_look(outside, tokens):
    async with outside.get(API, headers=tokens["write"]) as response:
        assert response.status == 403
