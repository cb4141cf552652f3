"""Settings that are changed while the service runs: kept, put to work, refused."""

import asyncio
import json

from api_helpers import connected, error_of
import pytest
from serving import serving

from edge_runtime.api.access import Access
from edge_runtime.api.app import build_app
from edge_runtime.cli.main import main
from edge_runtime.config import load_settings

ADDRESS = "/api/v1/settings"
OURS = {"X-Requested-With": "test"}


@pytest.fixture
def settings(settings, monkeypatch):
    """Return settings as a service reads them: a file, and one variable over it."""
    settings.home.mkdir()
    text = "# mine\nlanguage: fr\nstyle: short\noffline: true\nthreads: 1\n"
    (settings.home / "config.yaml").write_text(text)
    monkeypatch.setenv("EDGE_CAPTIONS_READ_TEXT", "all")
    return load_settings(home=settings.home)


async def change(client, **values):
    async with client.patch(ADDRESS, json=values, headers=OURS) as response:
        body = await response.json()
        assert response.status == 200, body
        return body


async def caption_of(client, photo, **options):
    params = {key: str(value) for key, value in options.items()}
    async with client.post(
        "/api/v1/captions", data=photo.read_bytes(), params=params, headers=OURS
    ) as response:
        body = await response.json()
        assert response.status == 200, body
        return body


async def test_a_changed_setting_goes_over_the_file_and_is_kept(client, settings):
    async with client.get(ADDRESS) as response:
        before = await response.json()
    assert before["settings"]["language"] == "fr"
    assert before["origins"]["language"] == "config.yaml"
    assert before["origins"]["rewrite"] == "default"
    assert before["fixed"] == ["read_text"]
    config = (settings.home / "config.yaml").read_bytes()
    facts = ["place", "person"]
    after = await change(
        client, language="no", rewrite=True, facts=facts, template="Ä 🦊: {caption}"
    )
    assert after["settings"]["language"] == "no"
    assert after["settings"]["facts"] == facts
    assert after["settings"]["style"] == "short"
    assert after["origins"]["language"] == after["origins"]["rewrite"] == "page"
    assert (settings.home / "config.yaml").read_bytes() == config
    again = load_settings(home=settings.home)
    assert (again.language, again.rewrite, again.style) == ("no", True, "short")
    assert again.template == "Ä 🦊: {caption}"
    back = await change(client, language=None)
    assert back["settings"]["language"] == "fr"
    assert back["origins"]["language"] == "config.yaml"
    assert load_settings(home=settings.home).language == "fr"
    assert load_settings(home=settings.home).rewrite is True


async def test_the_next_caption_follows_and_so_does_one_after_a_restart(
    client, service, settings, astronaut
):
    first = await caption_of(client, astronaut)
    assert (first["language"], first["style"]) != ("en", "alt_text")
    await change(client, language="en", style="alt_text")
    second = await caption_of(client, astronaut)
    assert (second["language"], second["style"]) == ("en", "alt_text")
    await change(client, style="custom", template="Look: {caption}")
    third = await caption_of(client, astronaut)
    assert third["caption"].startswith("Look: ")
    await service.stop()
    async with serving(load_settings(home=settings.home)) as restarted:
        app = build_app(restarted, Access(loopback_only=True, ingress=False))
        async with connected(app) as other:
            fourth = await caption_of(other, astronaut)
            async with other.get(ADDRESS) as response:
                origins = (await response.json())["origins"]
    assert fourth["caption"] == third["caption"]
    assert origins["template"] == origins["style"] == "page"


async def test_a_model_in_memory_stays_as_long_as_is_said_now(
    client, service, astronaut
):
    await caption_of(client, astronaut)
    await change(client, service_keep_alive_s=7)
    assert {runner.keep_alive_s for runner in service.runtime.runners} == {7.0}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"language": "klingon!"}, "language"),
        ({"style": "purple"}, "style"),
        ({"facts": ["place", "gossip"]}, "facts"),
        ({"rewrite": "perhaps"}, "rewrite"),
        ({"service_keep_alive_s": -1}, "service_keep_alive_s"),
        ({"background_max_load": 1.5}, "background_max_load"),
        ({"template": "   "}, "template"),
        ({"template": "{nothing_of_this_name}"}, "template"),
        ({"port": 80}, "port"),
        ({"read_text": "never"}, "read_text"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_name(
    client, settings, values, name
):
    given = {"style": "detailed", **values}
    async with client.patch(ADDRESS, json=given, headers=OURS) as response:
        body = await response.json()
        assert response.status in {400, 409}, body
        assert name in body["error"]["message"]
    assert not (settings.home / "settings.yaml").exists()
    async with client.get(ADDRESS) as response:
        assert (await response.json())["settings"]["style"] == "short"


async def test_what_the_environment_sets_says_where(client):
    given = {"read_text": "never"}
    async with client.patch(ADDRESS, json=given, headers=OURS) as response:
        message = (await response.json())["error"]["message"]
        assert response.status == 409
    assert "EDGE_CAPTIONS_READ_TEXT" in message


async def test_a_file_that_a_person_broke_is_not_replaced(client, settings):
    path = settings.home / "settings.yaml"
    path.write_text("language: [\n")
    given = {"language": "de"}
    async with client.patch(ADDRESS, json=given, headers=OURS) as response:
        assert await error_of(response) == "config_invalid"
    assert path.read_text() == "language: [\n"


async def test_only_who_may_rule_changes_settings(outside, tokens):
    for scope, status in (("read", 403), ("write", 403), ("admin", 200)):
        async with outside.patch(
            ADDRESS, json={"style": "plain"}, headers=tokens[scope]
        ) as response:
            assert response.status == status, scope


async def test_others_are_told(client, service):
    async with service.events.subscribe() as subscription:
        await change(client, style="social")
        event = await subscription.get()
    assert (event.type, event.data) == ("settings.changed", {"keys": ["style"]})


async def test_the_command_says_what_was_set_on_the_page(client, settings, capsys):
    await change(client, language="de")
    await _run_command(settings)
    rows = json.loads(capsys.readouterr().out)
    assert rows["language"] == {"value": "de", "origin": "page"}
    assert rows["style"]["origin"] == "config.yaml"
    assert rows["read_text"]["origin"] == "environment"


async def _run_command(settings) -> None:
    arguments = ["config", "--home", str(settings.home), "--json"]
    assert await asyncio.to_thread(main, arguments) == 0
