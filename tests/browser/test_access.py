"""For everybody: no serious finding of axe-core, light or dark, on a phone too; the whole page by keyboard; print."""

import pytest
from playwright.sync_api import expect
from tests.browser.serving import App, findings, opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_axe_finds_nothing_serious(app, browser, scheme, width):
    """With every row open, at a phone's and a laptop's width: nothing serious, and no scrolling sideways."""
    page = opened(browser, app, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")

    assert findings(page) == []
    widths = page.evaluate("[document.scrollingElement.scrollWidth, document.body.scrollWidth, innerWidth]")
    assert max(widths[:2]) <= widths[2] == width
    page.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_an_interval_stands_on_one_line(app, browser, width):
    """Wherever an interval stands in the page's words it is not broken across two lines, nor torn from its value; the
    tracks of all sliders are of one length."""
    page = opened(browser, app, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    found = page.evaluate(r"""() => {
        const seen = [], broken = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const node = texts.currentNode;
            if (!node.parentElement.checkVisibility() || node.parentElement.closest('style, script, svg')) { continue; }
            for (const hit of node.data.matchAll(/\[[-+$]?[\d.,]+, [-+$]?[\d.,]+\]/g)) {
                const range = document.createRange();
                range.setStart(node, hit.index);
                range.setEnd(node, hit.index + hit[0].length);
                const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
                (tops.size > 1 ? broken : seen).push(hit[0]);
            }
        }
        return {seen: seen.length, broken};
    }""")
    assert found["broken"] == []
    assert found["seen"] > 20
    gaps = page.evaluate("""[...document.querySelectorAll('td .pc-num + .pc-num')].map(it => {
        const [before, here] = [it.previousElementSibling, it].map(part => part.getBoundingClientRect());
        return before.top === here.top ? here.left - before.right : 0;
    })""")
    assert max(gaps, default=0) < 12
    assert len(set(page.locator(".pc-what-if .slider-container").evaluate_all(
        "them => them.map(it => Math.round(it.getBoundingClientRect().width))"))) == 1
    page.close()


def test_axe_finds_nothing_serious_on_the_pages_around(published, browser):
    """The form that asks for a token, the start page, and the page for an address that is none, light and dark."""
    with App(published, published, environment={"PROMPTCEILING_TOKEN": "a-token-1"}) as running:
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)
            for path in ("", "?token=a-token-1", "no-such-page"):
                page.goto(running.address + path)
                assert findings(page) == [], (scheme, path)
            page.close()


def test_the_page_by_keyboard_alone(app, browser):
    """Tab reaches contents, rows, tables, every slider by its name and the button, each with a ring; arrows move a
    slider and the answer follows; Enter opens a row and puts the settings back."""
    page = opened(browser, app)
    reached = []
    for _ in range(200):
        page.keyboard.press("Tab")
        now = page.evaluate("""() => {
            const e = document.activeElement, s = getComputedStyle(e);
            if (e === document.body) { return null; }
            return {tag: e.tagName, role: e.getAttribute('role'),
                    name: e.getAttribute('aria-label') || e.innerText.trim(),
                    ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2};
        }""")
        if now is None:
            break
        reached.append(now)
        if now["tag"] == "SUMMARY" and not any(r["tag"] == "SUMMARY" for r in reached[:-1]):
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
        if now["role"] == "slider" and now["name"] == "F1 that ships":
            page.keyboard.press("Home")
            expect(page.get_by_role("link", name="Link to these settings")).to_be_visible()
        if now["name"] == "As published":
            page.keyboard.press("Enter")
            expect(page.get_by_role("region", name="With these settings")).to_contain_text("The verdict stays")

    assert [r for r in reached if not r["ring"]] == []
    names = [r["name"] for r in reached]
    sliders = [r["name"] for r in reached if r["role"] == "slider"]
    assert len(sliders) == page.get_by_role("slider").count() == len(set(sliders))
    assert "" not in names
    assert {"What if", "As published"} <= set(names)
    page.close()


def test_print_opens_every_row_and_leaves_the_controls_out(app, browser):
    """On paper the reasons of all rows stand open, in dark ink on white; sliders and contents are left out."""
    page = opened(browser, app, color_scheme="dark")
    page.emulate_media(media="print")

    reasons = page.locator("details.pc-row > div p:first-child")
    assert reasons.count() >= 7
    assert all(reasons.nth(k).is_visible() for k in range(reasons.count()))
    assert not page.get_by_role("slider").first.is_visible()
    assert not page.get_by_role("navigation", name="On this page").is_visible()
    assert page.locator(".pc h1").first.evaluate("e => getComputedStyle(e).color") == "rgb(27, 35, 48)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
