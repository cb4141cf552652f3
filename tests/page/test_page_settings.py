"""The settings of the whole service: changed on the page, true for the next caption."""

from conftest import PHONE
import pytest
from test_page_access import check, keep_picture

from edge_runtime.config import load_settings
from edge_runtime.schemas import Style


def panel_of(page):
    panel = page.locator(".panel", has_text="The whole service")
    panel.locator(".rows").wait_for()
    return panel


def settings_of(served):
    return served.service.settings


def saved(page):
    page.locator(".toast", has_text="Saved").last.wait_for()


def until(page, holds):
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing came of it")


def test_settings_are_kept_at_once_and_other_pages_are_told(served, visit):
    page = visit(f"{served.url}#/settings")
    other = visit(f"{served.url}#/settings")
    panel = panel_of(page)
    panel.get_by_label("Names of people").check()
    saved(page)
    until(page, lambda: "person" in settings_of(served).facts)
    panel_of(other).locator("input:checked[role=switch]").first.wait_for()
    assert panel_of(other).get_by_label("Names of people").is_checked()
    other.evaluate("location.hash = '#/tags'")
    other.get_by_role("button", name="People").wait_for()
    panel.get_by_role("checkbox", name="Camera").uncheck()
    until(page, lambda: "camera" not in settings_of(served).facts)
    assert "person" in settings_of(served).facts
    panel.get_by_label("Language of the captions").select_option("de")
    until(page, lambda: settings_of(served).language == "de")
    panel.get_by_label("Read writing in photos").select_option("never")
    until(page, lambda: settings_of(served).read_text == "never")
    panel.get_by_label("Models stay loaded for").select_option("900")
    until(page, lambda: settings_of(served).service_keep_alive_s == 900)
    panel.get_by_label("Rest above").select_option("70")
    until(page, lambda: settings_of(served).background_max_celsius == 70)
    panel.get_by_label("Rest while others use").select_option("0.75")
    until(page, lambda: settings_of(served).background_max_load == 0.75)
    kept = load_settings({}, home=served.home)
    assert (kept.language, kept.read_text) == ("de", "never")
    language = panel.locator(".setting", has_text="Language of the captions")
    language.get_by_role("button", name="Reset").click()
    until(page, lambda: settings_of(served).language == "en")
    language.get_by_role("button").wait_for(state="hidden")


def test_a_wrong_template_says_so_beside_it(served, visit):
    visit.expected = ["400"]
    page = visit(f"{served.url}#/settings")
    panel = panel_of(page)
    template = panel.get_by_label("Your own template")
    assert not template.is_visible()
    panel.get_by_label("Style").select_option("custom")
    template.fill("{nonsense}: {caption}")
    template.press("Enter")
    row = panel.locator(".setting", has_text="Your own template")
    row.get_by_role("alert").filter(has_text="nonsense").wait_for()
    assert template.input_value() == "{nonsense}: {caption}", "what was typed is gone"
    assert settings_of(served).template == ""
    template.fill("Look: {caption}")
    template.press("Enter")
    until(page, lambda: settings_of(served).template == "Look: {caption}")
    row.get_by_role("alert").filter(has_text="nonsense").wait_for(state="hidden")
    assert settings_of(served).style is Style.CUSTOM


def test_what_the_environment_sets_is_locked_and_says_so(serve, visit, monkeypatch):
    monkeypatch.setenv("EDGE_CAPTIONS_LANGUAGE", "en")
    page = visit(f"{serve().url}#/settings")
    panel = panel_of(page)
    assert panel.get_by_label("Language of the captions").is_disabled()
    panel.get_by_text("Set by EDGE_CAPTIONS_LANGUAGE").wait_for()
    assert panel.get_by_label("Style").is_enabled()


@pytest.mark.parametrize("scope", ["read", "write"])
def test_who_may_not_rule_looks_only(serve, visit, scope):
    served = serve(needs_token=True)
    _, secret = served.run(lambda s: s.store.tokens.create("one", scope))
    page = visit(served.url)
    page.get_by_label("Token").fill(secret)
    page.keyboard.press("Enter")
    page.locator(".tile").first.wait_for()
    page.goto(f"{served.url}#/settings")
    panel = page.locator(".panel", has_text="The whole service")
    style = panel.get_by_label("Style")
    style.wait_for()
    until(page, style.is_disabled)
    assert style.input_value() == "plain"
    names = panel.get_by_label("Names of people")
    assert names.is_disabled()
    assert not names.is_checked()
    assert panel.get_by_role("button").count() == 0


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_the_form_is_accessible_and_fits_a_phone(served, visit, locale):
    served.run(lambda s: s.page_settings.change({"style": "custom", "rewrite": True}))
    for name, mode in {"phone": PHONE, "desktop": {}}.items():
        page = visit(f"{served.url}#/settings", locale=locale, **mode)
        panel = page.locator(".panel", has=page.locator(".service-settings"))
        panel.locator(".rows").wait_for()
        panel.scroll_into_view_if_needed()
        check(page, name)
        keep_picture(page, f"settings of the service {name} {locale}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= page.viewport_size["width"]


def test_the_form_works_without_a_mouse(served, visit):
    page = visit(f"{served.url}#/settings")
    panel = panel_of(page)
    panel.get_by_label("Read writing in photos").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    until(page, lambda: settings_of(served).rewrite)
