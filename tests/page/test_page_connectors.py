"""Other programs on the settings page: what waits, what went wrong, and a run."""

from aiohttp.test_utils import unused_port


def test_a_webhook_and_an_immich_that_are_away(serve, visit, monkeypatch):
    monkeypatch.setattr("edge_runtime.connectors.immich.WAITS_S", ())
    away = f"http://127.0.0.1:{unused_port()}"
    served = serve(webhook_url=f"{away}/", immich_url=away, immich_api_key="a key")
    page = visit(f"{served.url}#/settings")
    hook = page.locator(".connectors .folder", has_text="Webhook")
    hook.get_by_text("0 sent, 0 waiting").wait_for()
    immich = page.locator(".connectors .folder", has_text="Immich")
    immich.get_by_text(away).wait_for()
    immich.get_by_text("Photos with a description of ours: 0").wait_for()
    immich.get_by_role("button", name="Describe photos").click()
    immich.get_by_text("Immich can't be reached").wait_for()
    assert "a key" not in page.content()


def test_without_any_the_page_names_the_settings(served, visit):
    page = visit(f"{served.url}#/settings")
    page.get_by_text("webhook_url, mqtt_url and immich_url").wait_for()
    page.get_by_text("None is told of captions.").wait_for()
