"""Setting up, letting in, moving: every step, error and abort of the flows."""

from ipaddress import ip_address
from unittest.mock import patch

from aiohttp import web
from fake_runtime import PNG
from homeassistant import config_entries
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.client_errors import CannotConnectError
from custom_components.edge_captions.const import DOMAIN


@pytest.fixture(autouse=True)
def quick_polls():
    with patch("custom_components.edge_captions.sign_in_flow._ASK_EVERY_S", 0.02):
        yield


@pytest.fixture
def flow(hass):
    """Return a function that starts a flow, and one that goes on with it."""

    async def start(source="user", data=None, **context):
        return await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": source, **context}, data=data
        )

    return start


@pytest.fixture
def go_on(hass):
    async def configure(result, data=None):
        return await hass.config_entries.flow.async_configure(result["flow_id"], data)

    return configure


def announcement(runtime, **properties):
    host, _, port = runtime.url.removeprefix("http://").partition(":")
    return ZeroconfServiceInfo(
        ip_address=ip_address(host),
        ip_addresses=[ip_address(host)],
        port=int(port),
        hostname="edge-captions-x.local.",
        type="_edge-captions._tcp.local.",
        name="pi x._edge-captions._tcp.local.",
        properties={"id": runtime.id, "api_version": "1", **properties},
    )


async def unload_all(hass):
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)


async def test_loopback_runtime_needs_no_token(hass, runtime, flow, go_on):
    runtime.token = None
    result = await flow()
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    result = await go_on(result, {CONF_URL: runtime.url.removeprefix("http://")})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_URL: runtime.url}
    assert result["result"].unique_id == runtime.id
    await hass.async_block_till_done()
    assert result["result"].state is ConfigEntryState.LOADED
    await unload_all(hass)


async def test_token_after_a_wrong_one(hass, runtime, flow, go_on):
    result = await go_on(await flow(), {CONF_URL: runtime.url})
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "sign_in"
    result = await go_on(result, {"next_step_id": "token"})
    assert result["step_id"] == "token"
    result = await go_on(result, {CONF_TOKEN: "ec_bad"})
    assert result["errors"] == {"base": "invalid_auth"}
    runtime.scope = "read"
    result = await go_on(result, {CONF_TOKEN: "ec_good"})
    assert result["errors"] == {CONF_TOKEN: "read_only_token"}
    runtime.scope = "write"
    result = await go_on(result, {CONF_TOKEN: " ec_good "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_URL: runtime.url, CONF_TOKEN: "ec_good"}
    await unload_all(hass)


async def start_pairing(runtime, flow, go_on):
    result = await go_on(await flow(), {CONF_URL: runtime.url})
    result = await go_on(result, {"next_step_id": "pair"})
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["description_placeholders"]["code"] == "KTB-472"
    return result


async def wait_for_step(hass, result):
    """Return the step that follows when the task behind the progress has ended."""
    await hass.async_block_till_done(wait_background_tasks=True)
    return await hass.config_entries.flow.async_configure(result["flow_id"])


async def test_pairing(hass, runtime, flow, go_on):
    result = await start_pairing(runtime, flow, go_on)
    assert runtime.of("pairings") == [{"name": "Home Assistant test home"}]
    runtime.pairing_state = "approved"
    result = await wait_for_step(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_TOKEN] == "ec_good"
    await unload_all(hass)


async def test_pairing_that_is_turned_away_can_be_tried_again(
    hass, runtime, flow, go_on
):
    result = await start_pairing(runtime, flow, go_on)
    runtime.pairing_state = "denied"
    result = await wait_for_step(hass, result)
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "pair_failed"
    runtime.pairing_state = "approved"
    result = await go_on(result, {"next_step_id": "pair"})
    result = await wait_for_step(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload_all(hass)


async def test_pairing_outlives_a_restart_of_the_runtime(hass, runtime, flow, go_on):
    result = await start_pairing(runtime, flow, go_on)
    with patch(
        "custom_components.edge_captions.client.RuntimeClient.claim_token",
        side_effect=[CannotConnectError("away"), "ec_good"],
    ):
        result = await wait_for_step(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload_all(hass)


@pytest.mark.parametrize(
    ("scope", "reason"), [("read", "read_only_token"), ("write", "invalid_auth")]
)
async def test_pairing_with_a_token_that_is_no_use(
    hass, runtime, flow, go_on, scope, reason
):
    result = await start_pairing(runtime, flow, go_on)
    runtime.scope = scope
    runtime.pairing_state = "approved"
    if reason == "invalid_auth":  # revoked at once
        stranger = {**runtime.info, "id": runtime.id, "authorized": False}
        with patch.object(runtime, "_info", lambda **_: stranger):
            result = await wait_for_step(hass, result)
    else:
        result = await wait_for_step(hass, result)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


async def test_too_many_pairings(runtime, flow, go_on):
    result = await go_on(await flow(), {CONF_URL: runtime.url})
    runtime.error = (429, {"code": "too_many_pairings", "message": "5 wait already"})
    result = await go_on(result, {"next_step_id": "pair"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "cannot_pair"
    assert result["description_placeholders"] == {"reason": "5 wait already"}


async def test_closing_the_dialogue_stops_the_waiting(hass, runtime, flow, go_on):
    result = await start_pairing(runtime, flow, go_on)
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    asked = len(runtime.asked)
    await hass.async_block_till_done()
    assert len(runtime.asked) == asked


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "something-else"}, "not_edge_captions"),
        ({"api_version": 0}, "runtime_too_old"),
        ({"min_api_version": 2, "api_version": 2}, "integration_too_old"),
    ],
)
async def test_errors_of_the_address_can_be_mended(
    hass, runtime, flow, go_on, change, error
):
    runtime.token = None
    good, runtime.info = runtime.info, {**runtime.info, **change}
    result = await go_on(await flow(), {CONF_URL: runtime.url})
    assert result["errors"] == {"base": error}
    runtime.info = good
    result = await go_on(result, {CONF_URL: runtime.url})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await unload_all(hass)


async def test_addresses_that_are_none(runtime, flow, go_on, unused_tcp_port):
    result = await go_on(await flow(), {CONF_URL: "ftp://somewhere"})
    assert result["errors"] == {CONF_URL: "invalid_url"}
    result = await go_on(result, {CONF_URL: f"http://127.0.0.1:{unused_tcp_port}"})
    assert result["errors"] == {"base": "cannot_connect"}


async def test_an_error_that_nobody_expects(runtime, flow, go_on):
    result = await flow()
    runtime.raw = web.json_response(
        {"error": {"code": "store_locked", "message": "locked"}}, status=503
    )
    result = await go_on(result, {CONF_URL: runtime.url})
    assert result["errors"] == {"base": "unknown"}


async def test_a_known_runtime_is_not_added_twice(hass, runtime, entry, flow, go_on):
    result = await go_on(await flow(), {CONF_URL: runtime.url})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_found_on_the_network(hass, runtime, flow, go_on):
    result = await flow("zeroconf", announcement(runtime))
    assert result["step_id"] == "discovery_confirm"
    result = await go_on(result, {})
    assert result["step_id"] == "sign_in"
    result = await go_on(result, {"next_step_id": "token"})
    result = await go_on(result, {CONF_TOKEN: "ec_good"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_URL] == runtime.url
    await unload_all(hass)


APP = {"host": "127.0.0.1", "port": 8477}


def app(runtime, **config):
    port = int(runtime.url.rpartition(":")[2])
    config = {**APP, "port": port, **config}
    return HassioServiceInfo(config, "Edge Captions", "edge_captions", "1234")


async def test_an_app_brings_its_token_along(hass, runtime, flow, go_on):
    result = await flow("hassio", app(runtime, token=runtime.token))
    assert result["step_id"] == "discovery_confirm"
    result = await go_on(result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_URL: runtime.url, CONF_TOKEN: runtime.token}
    assert result["result"].unique_id == runtime.id
    await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_known_app_brings_a_new_token(hass, runtime, entry, flow):
    old = {**entry.data, CONF_TOKEN: "ec_of_before"}
    hass.config_entries.async_update_entry(entry, data=old)
    result = await flow("hassio", app(runtime, token=runtime.token))
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_TOKEN] == runtime.token
    await unload_all(hass)


async def test_an_app_with_a_token_that_counts_no_more(runtime, flow):
    result = await flow("hassio", app(runtime, token="ec_revoked"))
    assert result["reason"] == "invalid_auth"


async def test_an_app_that_has_to_be_paired_with(runtime, flow, go_on):
    result = await flow("hassio", app(runtime))
    result = await go_on(result, {})
    assert result["step_id"] == "sign_in"


@pytest.mark.parametrize("was_loaded", [True, False])
async def test_a_known_app_at_a_new_address(
    hass, runtime, entry, flow, was_loaded, unused_tcp_port
):
    old = f"http://127.0.0.1:{unused_tcp_port}"
    if was_loaded:
        old = f"{runtime.url}/"  # the same, written in another way
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_URL: old})
    assert await hass.config_entries.async_setup(entry.entry_id) is was_loaded
    result = await flow("hassio", app(runtime))
    assert result["reason"] == "already_configured"
    await hass.async_block_till_done(wait_background_tasks=False)
    assert entry.data == {CONF_URL: runtime.url, CONF_TOKEN: runtime.token}
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.client.url == runtime.url
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("config", [{"port": "x"}, {"port": None}])
async def test_an_app_that_says_no_address(runtime, flow, config):
    result = await flow("hassio", app(runtime, **config))
    assert result["reason"] == "not_edge_captions"


async def test_an_app_that_is_gone(runtime, flow, unused_tcp_port):
    result = await flow("hassio", app(runtime, port=unused_tcp_port))
    assert result["reason"] == "cannot_connect"


async def test_found_without_an_id(runtime, flow):
    result = await flow("zeroconf", announcement(runtime, id=""))
    assert result["reason"] == "not_edge_captions"


async def test_found_and_gone(runtime, flow):
    runtime.info["name"] = "another"
    result = await flow("zeroconf", announcement(runtime))
    assert result["reason"] == "not_edge_captions"


@pytest.mark.parametrize("is_set_up", [True, False])
async def test_found_at_a_new_address(hass, runtime, flow, is_set_up):
    runtime.token = None
    old = MockConfigEntry(
        domain=DOMAIN, unique_id=runtime.id, data={CONF_URL: "http://127.0.0.1:1"}
    )
    old.add_to_hass(hass)
    if is_set_up:
        hass.config_entries.async_update_entry(old, data={CONF_URL: runtime.url})
        assert await hass.config_entries.async_setup(old.entry_id)
        runtime.url = runtime.url.replace("127.0.0.1", "127.0.0.2")
    result = await flow("zeroconf", announcement(runtime))
    assert result["reason"] == "already_configured"
    assert old.data[CONF_URL] == runtime.url
    await hass.async_block_till_done()
    await unload_all(hass)


async def test_a_name_that_a_person_typed_is_kept(hass, runtime, flow):
    url = "https://captions.example"
    old = MockConfigEntry(domain=DOMAIN, unique_id=runtime.id, data={CONF_URL: url})
    old.add_to_hass(hass)
    result = await flow("zeroconf", announcement(runtime))
    assert result["reason"] == "already_configured"
    assert old.data[CONF_URL] == url


@pytest.mark.parametrize("was_loaded", [True, False])
async def test_reauthentication(hass, runtime, entry, go_on, was_loaded):
    if was_loaded:
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    runtime.token = "ec_new"
    result = await entry.start_reauth_flow(hass)
    assert result["step_id"] == "reauth_confirm"
    result = await go_on(result, {"next_step_id": "token"})
    result = await go_on(result, {CONF_TOKEN: "ec_new"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data[CONF_TOKEN] == "ec_new"
    await hass.async_block_till_done()
    await unload_all(hass)


async def test_reauthentication_at_another_runtime(hass, runtime, entry, go_on):
    result = await entry.start_reauth_flow(hass)
    runtime.id = "01ANOTHER0000000000000000"
    result = await go_on(result, {"next_step_id": "token"})
    result = await go_on(result, {CONF_TOKEN: "ec_good"})
    assert result["reason"] == "another_runtime"


async def test_moving(hass, runtime, entry, go_on):
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    result = await go_on(result, {CONF_URL: f"{runtime.url}/"})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == {CONF_URL: runtime.url, CONF_TOKEN: "ec_good"}
    await hass.async_block_till_done()
    await unload_all(hass)


async def test_moving_with_a_token_that_counts_no_more(hass, runtime, entry, go_on):
    runtime.token = "ec_new"
    result = await entry.start_reconfigure_flow(hass)
    result = await go_on(result, {CONF_URL: runtime.url})
    assert result["step_id"] == "sign_in"
    result = await go_on(result, {"next_step_id": "token"})
    result = await go_on(result, {CONF_TOKEN: "ec_new"})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_TOKEN] == "ec_new"
    await hass.async_block_till_done()
    await unload_all(hass)


async def test_moving_to_another_runtime(hass, runtime, entry, go_on):
    runtime.id = "01ANOTHER0000000000000000"
    result = await entry.start_reconfigure_flow(hass)
    result = await go_on(result, {CONF_URL: runtime.url})
    assert result["reason"] == "another_runtime"


async def test_options(hass, runtime, loaded):
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert result["step_id"] == "init"
    wanted = {
        "language": "de",
        "style": "social",
        "timeout": 600,
        "caption_instead": True,
    }
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], wanted
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == wanted
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED


@pytest.fixture
def camera_flow(hass, loaded):
    async def start(**context):
        return await hass.config_entries.subentries.async_init(
            (loaded.entry_id, "watched_camera"), context={"source": "user", **context}
        )

    return start


async def test_watching_a_camera(hass, loaded, camera_flow):
    hass.states.async_set("camera.yard", "idle", {"friendly_name": "The yard"})
    go_on = hass.config_entries.subentries.async_configure
    result = await camera_flow()
    nothing = {"camera": "camera.yard", "on_change": False, "cooldown": 5}
    result = await go_on(result["flow_id"], nothing)
    assert result["errors"] == {"base": "no_trigger"}
    result = await go_on(result["flow_id"], {**nothing, "interval": 10})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = loaded.subentries.values()
    assert subentry.title == "The yard"
    assert subentry.unique_id == "camera.yard"
    await hass.async_block_till_done()
    assert hass.states.get("event.the_yard_caption") is not None

    result = await camera_flow()
    result = await go_on(result["flow_id"], {**nothing, "interval": 10})
    assert result["reason"] == "already_configured"

    result = await camera_flow(
        source=config_entries.SOURCE_RECONFIGURE, subentry_id=subentry.subentry_id
    )
    assert result["step_id"] == "reconfigure"
    result = await go_on(result["flow_id"], {"on_change": False, "cooldown": 5})
    assert result["errors"] == {"base": "no_trigger"}
    result = await go_on(result["flow_id"], {"on_change": True, "cooldown": 7})
    assert result["reason"] == "reconfigure_successful"
    (subentry,) = loaded.subentries.values()
    assert subentry.data["camera"] == "camera.yard"
    assert subentry.data["cooldown"] == 7
    await hass.async_block_till_done()


async def test_a_camera_that_is_not_there_is_named_by_its_id(hass, loaded, camera_flow):
    result = await camera_flow()
    await hass.config_entries.subentries.async_configure(
        result["flow_id"],
        {"camera": "camera.gone", "on_change": True, "cooldown": 5, "name": " "},
    )
    (subentry,) = loaded.subentries.values()
    assert subentry.title == "camera.gone"
    await hass.async_block_till_done()


@pytest.fixture
def subentry_flow(hass, loaded):
    async def start(kind, **context):
        return await hass.config_entries.subentries.async_init(
            (loaded.entry_id, kind), context={"source": "user", **context}
        )

    async def answer(result, data):
        return await hass.config_entries.subentries.async_configure(
            result["flow_id"], data
        )

    start.answer = answer
    return start


async def test_a_photo_folder(hass, runtime, loaded, subentry_flow):
    result = await subentry_flow("photo_folder")
    assert result["step_id"] == "user"
    result = await subentry_flow.answer(result, {"source_id": "01FOLDER"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = loaded.subentries.values()
    assert (subentry.title, subentry.unique_id) == ("Photos", "01FOLDER")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.photos_not_described").state == "12"
    again = await subentry_flow("photo_folder")
    assert again["reason"] == "no_folder"  # there is no other


async def test_a_photo_folder_of_a_runtime_that_is_away(
    hass, runtime, loaded, subentry_flow
):
    runtime.error = (500, {"code": "internal_error", "message": "oh"})
    assert (await subentry_flow("photo_folder"))["reason"] == "cannot_connect"
    await hass.config_entries.async_unload(loaded.entry_id)
    assert (await subentry_flow("photo_folder"))["reason"] == "not_loaded"


@pytest.fixture
def local_photo(hass, tmp_path):
    (tmp_path / "cat.png").write_bytes(PNG)
    hass.config.media_dirs = {"local": str(tmp_path)}


async def test_an_ai_task_of_its_own(hass, local_photo, runtime, subentry_flow, loaded):
    result = await subentry_flow("ai_task_data")
    settings = {"style": "alt_text", "detail": "short", "caption_instead": True}
    result = await subentry_flow.answer(
        result, {"name": "Alt texts", "language": "de", **settings}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert await async_setup_component(hass, "media_source", {})
    item = {
        "media_content_id": "media-source://media_source/local/cat.png",
        "media_content_type": "image/png",
    }
    answer = await hass.services.async_call(
        "ai_task",
        "generate_data",
        {
            "task_name": "test",
            "entity_id": "ai_task.alt_texts",
            "instructions": "Count the dogs.",  # it answers every instruction
            "attachments": [item],
        },
        blocking=True,
        return_response=True,
    )
    assert answer["data"] == "A black dog is running on the grass."
    (form,) = runtime.forms
    assert (form["language"], form["style"], form["detail"]) == (
        "de",
        "alt_text",
        "short",
    )
    (subentry,) = loaded.subentries.values()
    result = await subentry_flow(
        "ai_task_data", source="reconfigure", subentry_id=subentry.subentry_id
    )
    assert result["step_id"] == "reconfigure"
    result = await subentry_flow.answer(result, {**settings, "style": "plain"})
    assert result["reason"] == "reconfigure_successful"
    (subentry,) = loaded.subentries.values()
    assert subentry.data == {**settings, "style": "plain"}
    await hass.async_block_till_done()
