"""The service goes away, a token ends, a path lies in front: nothing typed is lost."""

from aiohttp import ClientSession
import pytest


def draft(page, words: str):
    page.locator(".caption-panel .caption-text").wait_for()
    page.keyboard.press("e")
    field = page.get_by_label("Caption", exact=True)
    field.fill(words)
    return field


@pytest.fixture
def photo_id(served) -> str:
    page = served.run(lambda service: service.store.photos.page(limit=1))
    return page.items[0].id


def test_a_service_that_goes_and_comes_back(served, visit, photo_id):
    visit.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "net::ERR"]
    page = visit(f"{served.url}#/photo/{photo_id}")
    field = draft(page, "Words in bad weather")
    served.stop()
    field.press("Control+Enter")
    page.get_by_text("Your words are safe in this browser").wait_for()
    page.locator(".banner").get_by_text("does not answer").wait_for()
    assert field.input_value() == "Words in bad weather"
    served.start()
    page.get_by_role("button", name="Try now").click()
    page.locator(".banner").wait_for(state="hidden")
    field.press("Control+Enter")
    page.locator(".toast", has_text="Caption saved").wait_for()
    caption = served.run(lambda s: s.store.captions.get(photo_id, "en"))
    assert caption.text == "Words in bad weather"
    # events arrive again, too: a change by somebody else shows by itself
    served.run(lambda s: s.review.write_caption(photo_id, "en", "Sunshine again"))
    page.get_by_text("Sunshine again").wait_for(timeout=15_000)


def test_a_page_that_opens_while_the_service_is_away(served, visit):
    visit.expected += ["503"]
    page = visit(f"{served.url}#/settings")
    page.route("**/api/v1/info", lambda route: route.fulfill(status=503, body="proxy"))
    page.reload()
    page.get_by_text("does not answer").wait_for()
    page.unroute("**/api/v1/info")
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Settings").wait_for()


def new_token(served, scope: str):
    return served.run(lambda s: s.store.tokens.create("a browser", scope))


def sign_in(page, secret: str) -> None:
    page.get_by_label("Or paste a token").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def test_signing_in_with_a_token_and_losing_it(serve, visit):
    visit.expected += ["401"]
    served = serve(needs_token=True)
    token, secret = new_token(served, "write")
    page = visit(f"{served.url}#/review")
    sign_in(page, "ec_wrong")
    page.get_by_text("This token is not known").wait_for()
    sign_in(page, secret)
    page.locator(".review-photo.is-loaded").wait_for()  # pictures come with the cookie
    page.keyboard.press("e")
    page.get_by_label("Caption", exact=True).fill("Kept over a sign-out")
    served.run(lambda s: s.store.tokens.revoke(token.id))
    page.get_by_role("button", name="Save").click()
    page.get_by_text("You were signed out").wait_for()
    sign_in(page, new_token(served, "write")[1])
    field = page.get_by_label("Caption", exact=True)
    field.wait_for()
    assert field.input_value() == "Kept over a sign-out"


@pytest.mark.parametrize("way", ["the link", "the page"])
def test_a_link_that_works_once_signs_a_phone_in(serve, visit, way):
    visit.expected += ["401", "404"]
    served = serve(needs_token=True)
    _, secret = new_token(served, "admin")

    async def link() -> str:
        headers = {"Authorization": f"Bearer {secret}"}
        url = f"{served.url}api/v1/sign-in-links"
        body = {"name": "phone", "scope": "write"}
        async with (
            ClientSession(headers=headers) as session,
            session.post(url, json=body) as response,
        ):
            return (await response.json())["path"]

    path = served.run(lambda _: link())
    if way == "the page":
        path = f"#/{path}"
    page = visit(f"{served.url}{path}")
    page.get_by_role("button", name="Sign in this browser").click()
    page.locator(".tile img.is-loaded").first.wait_for()
    assert "secret" not in page.url
    other = visit(f"{served.url}#/{path.removeprefix('#/')}")
    other.get_by_role("button", name="Sign in this browser").click()
    other.get_by_text("This link was used or is too old").wait_for()


def test_a_page_left_alone_notices_that_its_token_ended(serve, visit):
    # it asks again while nobody is there
    visit.expected += ["401", "INCOMPLETE_CHUNKED", "ERR_CONNECTION_REFUSED"]
    served = serve(needs_token=True)
    token, secret = new_token(served, "read")
    page = visit(f"{served.url}#/tags")
    sign_in(page, secret)
    page.get_by_role("heading", name="Albums", exact=True).wait_for()
    served.run(lambda s: s.store.tokens.revoke(token.id))
    served.stop()
    served.start()  # the stream ends, and the next one is refused
    page.get_by_text("You were signed out").wait_for()
    assert page.context.cookies() == []  # the dead one is not sent again
    sign_in(page, new_token(served, "read")[1])
    page.get_by_role("heading", name="Albums", exact=True).wait_for()
    page.keyboard.press("2")
    page.get_by_role("heading", name="Review").wait_for()
    assert page.locator("h1").count() == 1


def test_whoever_may_only_look_is_offered_nothing_else(serve, visit):
    visit.expected += ["401"]
    served = serve(needs_token=True)
    page = visit(f"{served.url}#/review")
    sign_in(page, new_token(served, "read")[1])
    page.get_by_text("this browser signed in read-only").wait_for()
    assert page.get_by_role("button", name="Accept").count() == 0
    page.keyboard.press("a")
    page.goto(f"{served.url}#/library")
    page.locator(".tile").first.click()
    page.locator(".suggestion-text").wait_for()
    for name in ("Suggest a caption", "Write a caption", "Forget this photo", "Share"):
        assert page.get_by_role("button", name=name).count() == 0, name


def test_everything_works_below_a_path(served, visit, photo_id):
    page = visit(served.proxy_url)
    page.locator(".tile img.is-loaded").first.wait_for()
    page.goto(f"{served.proxy_url}#/photo/{photo_id}")
    page.locator(".stage-photo.is-loaded").wait_for()
    served.run(lambda s: s.review.write_caption(photo_id, "en", "Through the proxy"))
    page.get_by_text("Through the proxy").wait_for()  # the events come through as well
    asked = page.evaluate(
        "performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith(served.proxy_url)] == []


def test_a_share_opens_for_a_stranger_and_ends(serve, visit):
    visit.expected += ["404", "401"]
    served = serve(needs_token=True)

    async def make(service):
        photo = (await service.store.photos.page(limit=1)).items[0]
        await service.review.write_caption(photo.id, "en", "For you <3 #sea")
        return await service.shares.create("photo", photo.id, "The sea", None)

    share, secret = served.run(make)
    page = visit(f"{served.url}#/shared/{secret}")
    page.get_by_role("heading", name="The sea").wait_for()
    page.get_by_text("For you <3 #sea").wait_for()
    page.wait_for_function(
        "() => document.querySelector('.shared img').naturalWidth > 100"
    )
    assert page.locator("a, button").count() == 0
    served.run(lambda s: s.shares.revoke(share.id))
    page.reload()
    page.get_by_text("This link has ended").wait_for()
