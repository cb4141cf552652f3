"""Health, metrics, facts and settings."""

import re

from edge_runtime import __version__
from edge_runtime.config import Settings, plain_settings

LINE = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (-?[0-9.e+-]+)$')


async def metrics_of(client) -> tuple[dict[str, float], str]:
    async with client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = LINE.match(line)
            assert match, line
            found[match[1] + (match[2] or "")] = float(match[4])
    return found, text


async def test_requests_are_counted_by_route_and_status(client):
    async with client.get("/health"):
        pass
    for _ in range(2):
        async with client.get("/nowhere/at/all"):
            pass
    async with client.options("/health"):
        pass
    found, text = await metrics_of(client)
    name = "edge_captions_http_requests_total"
    assert found[f'{name}{{method="GET",route="/health",status="200"}}'] == 1
    assert found[f'{name}{{method="GET",route="-",status="404"}}'] == 2
    assert found[f'{name}{{method="OTHER",route="-",status="405"}}'] == 1
    assert found["edge_captions_bytes_outside_total"] == 0
    assert found['edge_captions_resident_memory_bytes{process="service"}'] > 10**7
    assert found[f'edge_captions_info{{version="{__version__}"}}'] == 1
    families = re.findall(r"^# TYPE (\S+) (?:counter|gauge)$", text, re.MULTILINE)
    assert len(families) == len(set(families)) > 8


async def test_facts_for_a_bug_report_name_nobody(client, settings):
    async with client.get("/api/v1/stats") as response:
        text = await response.text()
        facts = await response.json()
    assert facts["version"] == __version__
    assert facts["uptime_s"] >= 0
    assert facts["stored"]["photos"] == 0
    assert facts["settings"]["offline"] is True
    assert str(settings.home) not in text


async def test_the_settings_are_shown_to_who_may_see_them(client, outside, tokens):
    async with client.get("/api/v1/settings") as response:
        shown = (await response.json())["settings"]
    assert shown["port"] == 8477
    assert shown["offline"] is True
    headers = tokens["write"]
    async with outside.get("/api/v1/settings", headers=headers) as response:
        assert response.status == 403


def test_every_setting_has_a_plain_form(tmp_path):
    plain = plain_settings(Settings(home=tmp_path))
    assert set(plain) == set(Settings.__dataclass_fields__)
    assert plain["home"] == str(tmp_path)
    assert plain["auto_download"] == "ask"
