"""The grid, the search, and two variants side by side."""

import asyncio
from dataclasses import replace

import pytest
from tests.panels.made_up import HOSTILE, assert_shown_as_text, hostile_set, page_of, plain_set, state_of

from promptceiling.panels import SearchPanel, VariantDiffPanel
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, run_variants

SET = plain_set(300)
VARIANTS = standard_variants(SET)
N = len(SET.split("validation"))


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path, durable=False) as opened:
        yield opened


def test_calls_and_cost_stand_there_before_anything_is_sent(workspace):
    """The number of variants and calls follows every choice, and the workspace stays empty."""
    panel = SearchPanel(workspace, SET, VARIANTS)
    first = page_of(panel.view).words
    panel.shots.value, panel.instructions.value = "0, 3, 5", "Sort it.\n\nDecide."
    panel.choices["outputs"].value = ("json_schema", "label")
    panel.budget.value = 100
    after = page_of(panel.view).words

    assert f"5 variants, {5 * N:,} calls" in first
    assert f"30 variants, {30 * N:,} calls" in after
    assert "nothing (the embedded model is free)" in after
    assert f"at most 100 calls, {100 / (30 * N):.0%} of the grid's" in after
    assert workspace.sets().empty


def test_price_is_told_with_its_date_or_as_unknown(workspace):
    """A model of the price table costs so much as of a date; of another, no price is made up."""
    known, unknown = (page_of(SearchPanel(workspace, SET, VARIANTS, Endpoint("http://127.0.0.1:9/v1", m)).view).words
                      for m in ("gpt-6-luna", "mine"))

    assert "OpenAI price list, 2026-" in known
    assert "about $" in known
    assert "no price is known for mine" in unknown


@pytest.mark.parametrize(("shots", "said"), [("five", "Shots are 'five'; expected whole"), ("0, 500", "shots is 500")])
def test_space_that_is_none_is_said(workspace, shots, said):
    """What cannot be a grid is told in a sentence, and nothing can be sent."""
    panel = SearchPanel(workspace, SET, VARIANTS)
    panel.shots.value = shots

    assert said in page_of(panel.view).words
    assert panel.start.disabled
    assert panel.whole.disabled


def test_search_shows_how_far_it_is_and_what_it_found(workspace):
    """A click searches in the running loop; the page ends with the sentence of the result and every variant's fate."""
    panel = SearchPanel(workspace, SET, VARIANTS)
    panel.shots.value = "0, 4"

    async def whole():
        panel.start.click()
        await asyncio.sleep(0)
        busy = (panel.start.disabled, panel.stop.disabled, panel.why.value)
        await panel.task
        return busy

    busy = asyncio.run(whole())
    words = page_of(panel.view).words

    assert busy == (True, False, "Searching …")
    assert panel.result.sentence in words
    assert all(t.variant.name in words for t in panel.result.tried)
    assert "not an LLM's" in words
    assert (panel.start.disabled, panel.stop.disabled) == (False, True)


def test_budget_that_is_too_small_is_said(workspace):
    """The panel says what the search would take, and goes on being usable."""
    panel = SearchPanel(workspace, SET, VARIANTS)
    panel.budget.value = 3

    async def whole():
        panel.start.click()
        await panel.task

    asyncio.run(whole())

    assert "The budget holds about 3 calls" in page_of(panel.view).words
    assert not panel.start.disabled


def test_whole_grid_is_asked_once(workspace):
    """Every variant for every case; again, nothing is asked."""
    panel = SearchPanel(workspace, SET, VARIANTS)
    panel.shots.value = "0, 2"
    asyncio.run(panel.ask_all())
    asyncio.run(panel.ask_all())

    assert f"This grid: {3 * N:,} stored answers used; nothing was sent, nothing was paid." in page_of(
        panel.view).words


def test_page_that_only_shows_searches_nothing(workspace):
    """The buttons say why they are off, and what reaches them all the same asks nothing."""
    panel = SearchPanel(workspace, SET, VARIANTS, read_only=True)
    panel.start.click()
    panel.whole.click()
    asyncio.run(panel.search())
    asyncio.run(panel.ask_all())

    assert "only shows" in panel.why.value
    assert panel.start.disabled
    assert panel.task is None
    assert workspace.sets().empty


def test_two_variants_stand_side_by_side(workspace):
    """Without answers the text is compared; with them, the score per class and each case; one variant is no pair."""
    before = page_of(VariantDiffPanel(SET, VARIANTS, workspace).view).words
    asyncio.run(run_variants(workspace, SET, VARIANTS, Endpoint()))
    panel = VariantDiffPanel(SET, VARIANTS, workspace)
    after = page_of(panel.view).words
    panel.before.value = panel.after.value

    assert "stratified" in before
    assert "Not measured" in before
    assert f"(n {N})" in after
    assert "change of recall" in after
    assert "not an LLM's" in after
    assert "Choose two different variants" in page_of(panel.view).words


def test_hostile_text_is_shown_and_never_run(workspace):
    """Names, labels, instructions and cases are text in every one of these pages."""
    labeled_set = hostile_set(60)
    first, second, _ = standard_variants(labeled_set)
    pair = (replace(first, name=HOSTILE, instructions=HOSTILE), replace(second, name=f"{HOSTILE}2"))
    search = SearchPanel(workspace, labeled_set, pair)
    search.shots.value = "0, 1"
    asyncio.run(run_variants(workspace, labeled_set, pair, Endpoint()))
    asyncio.run(search.search())

    assert_shown_as_text(VariantDiffPanel(labeled_set, pair, workspace).view)
    assert not {tag for tag, _ in page_of(search.view).elements} & {"img", "script"}


def test_update_equals_building(workspace):
    """Going to other variants leaves nothing of the first."""
    panel, diff = SearchPanel(workspace, SET, VARIANTS), VariantDiffPanel(SET, VARIANTS)
    panel.base.value, diff.before.value = 2, 1
    panel.update(SET, VARIANTS[:2])
    diff.update(SET, VARIANTS[:2])

    assert state_of(panel.view) == state_of(SearchPanel(workspace, SET, VARIANTS[:2]).view)
    assert state_of(diff.view) == state_of(VariantDiffPanel(SET, VARIANTS[:2]).view)
