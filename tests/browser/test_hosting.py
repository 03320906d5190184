"""The app for more than one reader and file: start page, token, a proxy's path, links that restore, pages in words."""

import json
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect
from tests.browser.serving import App, kernel_of

TOKEN = "t-5f0c92aa1b7e"  # noqa: S105 - made up
KERNEL = "0a0b0c0d-1111-2222-3333-444455556666"  # none


@pytest.fixture(scope="module")
def hosted(published):
    """Two files and the workbook below /team/evals/, with a token."""
    with App(published, published, options=("--base-url", "team/evals", "--workbook"), path="team/evals/",
                  environment={"PROMPTCEILING_TOKEN": TOKEN}) as running:
        yield running


@pytest.fixture(scope="module")
def reader(browser, hosted):
    """A browser that was given the token once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{hosted.address}?token={TOKEN}")
    yield page
    context.close()


def test_without_the_token_nothing_is_shown(browser, hosted):
    """The start page, a page, a kernel and the websocket ask for it; a wrong one is told; no kernel starts."""
    page = browser.new_context().new_page()
    for path in ("", "tickets", "1_labeled_set", "tickets?token=wrong"):
        page.goto(hosted.address + path)
        expect(page.get_by_role("heading", level=1)).to_have_text("This page asks for a token.")
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Open the page").click()
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{hosted.address}api/kernels/{KERNEL}", timeout=20)  # noqa: S310
    assert refused.value.code in (403, 404)
    assert hosted.kernels() == {}
    page.context.close()


@pytest.mark.parametrize("above", ["/", "/team/evals", "/team/evals/"])
def test_addresses_above_the_path_lead_below_it(browser, hosted, above):
    """The root, and the path without its slash: the form for the token, then the start page; a token given is taken."""
    page = browser.new_context().new_page()
    root = f"http://127.0.0.1:{hosted.port}"
    page.goto(root + above)
    assert page.url.startswith(f"{hosted.address}login?")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Open the page").click()
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(7)
    assert page.url == hosted.address
    page.context.close()

    page = browser.new_context().new_page()
    page.goto(f"{root}{above}?token={TOKEN}")
    expect(page.get_by_role("main").get_by_role("link")).to_have_count(7)
    assert page.url == hosted.address
    page.context.close()


def test_a_token_that_was_made_is_told_in_the_address(browser, published):
    """With --token alone: what it does is said first, and the address that is told last opens the page."""
    with App(published, published, options=("--token",)) as running:
        first, *_, last = running.said.splitlines()
        assert first.startswith("Starting the read-only app over tickets.sqlite")
        address = re.search(r"http://\S+\?token=\S+", last)[0]
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_role("main").get_by_role("link")).to_have_count(2)
        page.close()


def test_the_token_is_told_to_nobody(hosted, reader):
    """It is not in the address any more, in no process below the app, in no page, and was not printed."""
    page = reader
    page.goto(f"{hosted.address}tickets?token={TOKEN}&f1_ship=0.8")
    expect(page.get_by_role("button", name="As published")).to_be_visible()

    assert page.url == f"{hosted.address}tickets?f1_ship=0.8"
    assert kernel_of(page) in hosted.kernels()
    assert TOKEN not in page.content()
    assert TOKEN not in hosted.said
    for process in hosted.processes():
        assert TOKEN not in json.dumps([process.cmdline(), process.environ()])


def test_the_start_page_leads_to_every_page(hosted, reader):
    """Each decision with its verdict, and the five notebooks; a link opens its page below the path."""
    reader.goto(hosted.address)
    links = reader.get_by_role("main").get_by_role("link")
    assert links.count() == 7
    assert all("published" in card for card in reader.locator(".pc-card").all_inner_texts()[:2])

    links.nth(1).click()
    expect(reader.get_by_role("button", name="As published")).to_be_visible()
    assert reader.url == f"{hosted.address}tickets-2"
    assert "Prompt Ceiling" in reader.title()


def test_a_link_brings_the_settings_back(hosted, reader):
    """The address of moved settings, opened anew, moves the same controls and gives the same answer."""
    page = reader
    page.goto(f"{hosted.address}tickets")
    page.get_by_role("slider", name="F1 that ships").press("Home")
    link = page.get_by_role("link", name="Link to these settings")
    expect(link).to_be_visible()
    said = page.get_by_role("region", name="With these settings").inner_text()

    link.click()
    expect(page).to_have_url(re.compile("f1_ship="))
    expect(page.get_by_role("slider", name="F1 that ships")).to_have_attribute("aria-valuetext", "0.01")
    assert page.get_by_role("region", name="With these settings").inner_text() == said


def test_a_notebook_without_its_workspace_says_what_is_missing(hosted, reader):
    """Under the app a notebook writes nothing: where there is no workspace it says so in a sentence, without code."""
    reader.goto(f"{hosted.address}3_scores")

    said = reader.get_by_role("alert").first
    expect(said).to_contain_text("There is no workspace")
    assert "Traceback" not in reader.content()


def test_an_address_that_is_none_is_told_in_words(hosted, reader):
    """A stakeholder reads what to do, not a status."""
    answer = reader.goto(f"{hosted.address}no/such/page")

    assert answer.status == 404
    expect(reader.get_by_role("heading", level=1)).to_have_text("There is no page at this address.")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_verdict_is_read_before_a_kernel_answers(hosted, reader):
    """The verdict stands in what the server sends first, and is the same once the controls are there."""
    reader.goto(f"{hosted.address}tickets", wait_until="commit")
    heading = reader.get_by_role("heading", level=1).first
    expect(heading).to_be_visible()
    first = heading.inner_text()
    expect(reader.get_by_role("button", name="As published")).to_be_visible()
    assert reader.get_by_role("heading", level=1).first.inner_text() == first


def test_an_account_without_a_home_serves_whole_pages(published):
    """Where the home cannot be written to, as under systemd or in a container, pages come all the same."""
    with App(published, environment={"HOME": str(published / "none")}) as running:
        page = running.raw("/").decode()
    assert page.startswith("HTTP/1.1 200")
    assert "kernelId" in page
    assert "</html>" in page
    assert "matplotlib" not in running.said
