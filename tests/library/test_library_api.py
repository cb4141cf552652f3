"""`/api/v1/sources`: folders are added, changed, put to work and removed."""

from collections.abc import AsyncIterator
from dataclasses import replace

from aiohttp.test_utils import TestClient, TestServer
from library_helpers import photos, put_photo, until
import pytest

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.folder_settings import WatchedFolder

pytestmark = pytest.mark.timeout(120)  # a busy machine starts things slowly
API = "/api/v1"
QUIET = {"automatic": False, "watch": False}


@pytest.fixture
async def client(service) -> AsyncIterator[TestClient]:
    app = build_app(service, Access(loopback_only=True, ingress=False))
    async with TestServer(app) as server, TestClient(server) as client:
        yield client


async def ask(client, method, address, status=200, /, **body):
    response = await client.request(method, f"{API}/{address}", json=body or None)
    found = await response.json() if response.status != 204 else None
    assert response.status == status, found
    return found


async def code_of(client, method, address, status, /, **body) -> str:
    return (await ask(client, method, address, status, **body))["error"]["code"]


async def test_a_folder_is_added_with_its_settings(client, folder):
    added = await ask(
        client, "POST", "sources", 201, path=str(folder), name="Holidays",
        language="de", policy="accept_sure", write_metadata="sidecar", watch=False,
        schedule={"hours": "22:00-06:00", "max_celsius": 70},
    )  # fmt: skip
    assert (added["kind"], added["name"], added["path"]) == (
        "library",
        "Holidays",
        str(folder),
    )
    settings = added["settings"]
    assert settings["language"] == "de"
    assert settings["schedule"] == {
        "hours": "22:00-06:00",
        "max_load": None,
        "on_battery": False,
        "max_celsius": 70,
    }
    assert (settings["style"], settings["sidecar_name"]) == ("plain", "photo.jpg.xmp")
    (listed,) = (await ask(client, "GET", "sources"))["items"]
    assert listed == added


async def test_a_change_leaves_alone_what_it_does_not_name(client, folder):
    added = await ask(
        client, "POST", "sources", 201, path=str(folder), language="de", watch=False,
        schedule={"hours": "22:00-06:00"},
    )  # fmt: skip
    one = f"sources/{added['id']}"
    changed = await ask(
        client, "PATCH", one, schedule={"max_load": 0.5}, policy="accept_sure"
    )
    assert changed["settings"]["language"] == "de"
    assert changed["settings"]["schedule"]["hours"] == "22:00-06:00"
    assert changed["settings"]["schedule"]["max_load"] == 0.5
    cleared = await ask(client, "PATCH", one, language=None, schedule={"hours": None})
    assert cleared["settings"]["language"] is None
    assert cleared["settings"]["schedule"]["hours"] is None
    assert cleared["settings"]["policy"] == "accept_sure"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "/usr/share"}, 403, "path_not_allowed"),
        ({"path": "{folder}/none"}, 404, "folder_not_found"),
        ({"path": "photos"}, 404, "folder_not_found"),
        ({"path": "{folder}", "policy": "always"}, 400, "invalid_request"),
        (
            {"path": "{folder}", "schedule": {"hours": "25:00-1"}},
            400,
            "invalid_request",
        ),
        ({"path": "{folder}", "poll_s": 1}, 400, "invalid_request"),
    ],
)
async def test_wrong_wishes_are_refused(client, folder, body, status, code):
    body = {**body, "path": body["path"].replace("{folder}", str(folder))}
    assert await code_of(client, "POST", "sources", status, **body) == code


async def test_a_scan_is_a_job_and_the_source_counts_its_photos(client, folder):
    put_photo(folder / "a.jpg")
    (folder / "words.jpg").write_text("no photo")
    added = await ask(client, "POST", "sources", 201, path=str(folder), **QUIET)
    job = await ask(client, "POST", f"sources/{added['id']}/scan", 202)
    assert job["kind"] == "scan_folder"

    async def ended():
        return (await ask(client, "GET", f"jobs/{job['id']}"))["state"] == "done"

    await until(ended)
    found = await ask(client, "GET", f"sources/{added['id']}")
    assert found["counts"]["photos"] == found["counts"]["undescribed"] == 1
    assert found["status"]["online"] is True
    assert found["jobs"] == []
    unread = await ask(client, "GET", f"sources/{added['id']}/unread")
    assert [one["path"] for one in unread["items"]] == ["words.jpg"]


async def test_work_is_only_for_folders(client, service):
    camera = await service.store.sources.ensure("camera", "yard")
    for action in ("scan", "caption", "accept", "restore", "write"):
        found = await code_of(client, "POST", f"sources/{camera.id}/{action}", 409)
        assert found == "source_is_no_folder"
    nobody = "0" * 26
    assert await code_of(client, "GET", f"sources/{nobody}", 404) == "source_unknown"


async def test_a_source_is_removed_and_its_files_stay(client, service, folder):
    put_photo(folder / "a.jpg")
    added = await ask(client, "POST", "sources", 201, path=str(folder), **QUIET)
    await ask(client, "POST", f"sources/{added['id']}/scan", 202)
    (one,) = await until(lambda: photos(service))
    await service.review.write_caption(one.photo.id, "en", "My words")
    path = f"sources/{added['id']}"
    assert await code_of(client, "DELETE", path, 409) == "source_has_captions"
    await ask(client, "DELETE", f"{path}?forget_captions=true", 204)
    assert (await ask(client, "GET", "sources"))["items"] == []
    assert (folder / "a.jpg").exists()


@pytest.fixture
def configured(settings, folder):
    wanted = {"language": "ja", "watch": False, "automatic": False}
    return replace(
        settings, allowed_folders=(), folders=(WatchedFolder(folder, "Ours", wanted),)
    )


class TestFoldersOfTheConfiguration:
    """What `config.yaml` names is there from the start, and only changes there."""

    @pytest.fixture
    def settings(self, configured):
        return configured

    async def test_they_are_there_and_can_only_be_changed_in_the_file(
        self, client, folder
    ):
        (source,) = (await ask(client, "GET", "sources"))["items"]
        assert (source["name"], source["path"]) == ("Ours", str(folder))
        assert (source["in_config"], source["settings"]["language"]) == (True, "ja")
        path = f"sources/{source['id']}"
        assert await code_of(client, "PATCH", path, 409, language="en") == (
            "folder_in_config"
        )
        assert await code_of(client, "DELETE", path, 409) == "folder_in_config"
        assert (await ask(client, "POST", f"{path}/scan", 202))["state"] == "queued"
