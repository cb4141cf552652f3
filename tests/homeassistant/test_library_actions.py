"""Actions on folders and on what cameras saw."""

from datetime import timedelta

from acting import act
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

__all__ = ["act"]


@pytest.mark.parametrize("folder", ["Photos", "01FOLDER", "/photos/"])
async def test_a_folder_is_described(act, runtime, loaded, folder):
    answer = await act("caption_folder", folder=folder, limit=5, language="de")
    assert answer == {
        "job_id": "01JOB",
        "state": "queued",
        "folder": "Photos",
        "undescribed": 12,
    }
    assert runtime.of("sources/01FOLDER/caption") == [
        {"refresh": False, "language": "de", "limit": 5}
    ]


@pytest.mark.parametrize("options", [{"language": "fr"}])
async def test_a_folder_in_the_language_that_is_preferred(act, runtime, loaded):
    await act("caption_folder", folder="Photos", refresh=True)
    assert runtime.of("sources/01FOLDER/caption") == [
        {"refresh": True, "language": "fr"}
    ]


async def test_a_folder_that_is_not_watched(act, runtime, loaded):
    with pytest.raises(ServiceValidationError) as caught:
        await act("caption_folder", folder="/etc")
    assert caught.value.translation_key == "folder_unknown"
    assert caught.value.translation_placeholders == {
        "folder": "/etc",
        "known": "Photos",
    }
    del runtime.shelves["sources"][0]
    with pytest.raises(ServiceValidationError) as caught:
        await act("caption_folder", folder="camera.yard")
    assert caught.value.translation_placeholders["known"] == "-"


async def test_what_cameras_saw_lately(hass, act, runtime, loaded):
    hass.states.async_set("camera.yard", "idle", {"friendly_name": "Yard"})
    now = dt_util.utcnow()
    runtime.photos = [
        {"id": "01NEW", "words": "A van.", "added_at": now.isoformat()},
        {"id": "01BARE", "words": None, "added_at": now.isoformat()},
        {
            "id": "01OLD",
            "words": "A cat.",
            "added_at": (now - timedelta(hours=30)).isoformat(),
        },
    ]
    answer = await act("recent_captions")
    assert [one["photo_id"] for one in answer["captions"]] == ["01NEW"]
    assert answer["text"].endswith(" Yard: A van.")
    assert runtime.of("photos")[0]["source_id"] == "01YARD"
    answer = await act("recent_captions", hours=48, cameras=["camera.yard"])
    assert [one["caption"] for one in answer["captions"]] == ["A van.", "A cat."]
    assert answer["text"].splitlines()[0].endswith("A cat.")
    answer = await act("recent_captions", cameras=["camera.other"])
    assert answer == {"captions": [], "text": ""}
