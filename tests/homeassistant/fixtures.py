"""Fixtures of the Home Assistant tests."""

from collections.abc import AsyncIterator

from aiohttp.test_utils import TestServer
from fake_runtime import FakeRuntime
from homeassistant.config_entries import ConfigEntryState, ConfigSubentryData
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.edge_captions.const import DOMAIN


@pytest.fixture(autouse=True)
async def base(socket_enabled, hass: HomeAssistant, enable_custom_integrations) -> None:
    """Set up what Home Assistant always has."""
    assert await async_setup_component(hass, "homeassistant", {})


@pytest.fixture
async def runtime(socket_enabled) -> AsyncIterator[FakeRuntime]:
    """Return a fake runtime that answers on a real socket."""
    fake = FakeRuntime()
    server = TestServer(fake.app())
    await server.start_server()
    fake.url = str(server.make_url("")).rstrip("/")
    yield fake
    fake.stop_streams()
    await server.close()


@pytest.fixture
def cameras() -> list[dict]:
    """Return the data of the cameras to watch; a test says which by parametrize."""
    return []


@pytest.fixture
def options() -> dict:
    return {}


@pytest.fixture
def entry(hass: HomeAssistant, runtime, cameras, options) -> MockConfigEntry:
    """Return an entry that is known and not set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Edge Captions",
        unique_id=runtime.id,
        data={CONF_URL: runtime.url, CONF_TOKEN: runtime.token},
        options=options,
        subentries_data=[
            ConfigSubentryData(
                data=data,
                subentry_type="watched_camera",
                title=f"Camera {number}",
                unique_id=data["camera"],
            )
            for number, data in enumerate(cameras, start=1)
        ],
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded(hass: HomeAssistant, entry) -> AsyncIterator[MockConfigEntry]:
    """Return an entry that is set up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    yield entry
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
