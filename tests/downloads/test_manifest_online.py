"""`manifest check --online`, against a server with the hub's API."""

import json

import pytest

from edge_runtime.config import Settings
from edge_runtime.downloads.listing import check_online
from edge_runtime.downloads.records import Patience
from edge_runtime.manifest.model import Manifest
from tests.downloads.models import DATA, hub_source, model, model_file, sha256

LISTING = "/api/models/maker/model/revision/main"
WELL = {
    "rfilename": "model.onnx",
    "size": 132,
    "lfs": {"size": len(DATA), "sha256": sha256(DATA)},
}


@pytest.fixture(name="ask")
def ask_fixture(server, tmp_path):
    async def ask(file, *listed):
        if listed:
            body = json.dumps({"sha": "abc", "siblings": listed}).encode()
            server.add(LISTING, body)
        settings = Settings(home=tmp_path, hub=server.url)
        patience = Patience(connect_s=2, stall_s=2, backoff_s=0.01)
        found = await check_online(Manifest((model(file),)), settings, patience)
        return [(item.grade.value, item.code) for item in found]

    return ask


async def test_a_file_as_the_hub_has_it_is_no_finding(ask, server):
    assert await ask(model_file(), WELL) == []
    assert server.paths() == [LISTING]


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({**WELL, "rfilename": "other.onnx"}, "hub_missing"),
        ({**WELL, "lfs": {**WELL["lfs"], "size": 5}}, "hub_size"),
        ({**WELL, "lfs": {**WELL["lfs"], "sha256": "0" * 64}}, "hub_hash"),
    ],
)
async def test_what_differs_from_the_hub_is_an_error(ask, listed, code):
    assert await ask(model_file(), listed) == [("error", code)]


async def test_a_small_file_has_a_size_and_no_hash(ask):
    small = {"rfilename": "model.onnx", "size": len(DATA)}
    assert await ask(model_file(), small) == []


async def test_what_the_hub_knows_of_an_unpinned_file_is_told(ask):
    unpinned = model_file(hub_source(), pinned=False)
    assert await ask(unpinned, WELL) == [("note", "hub_knows")]


async def test_a_hub_that_does_not_answer_is_an_error(ask, server):
    assert await ask(model_file()) == [("error", "hub_silent")]
    server.add(LISTING, b"<html>")
    assert await ask(model_file()) == [("error", "hub_silent")]
