"""Where one variant is wrong: the panel over its inspected answers."""

from dataclasses import replace

import pandas as pd
from tests.panels.made_up import HOSTILE, assert_shown_as_text, hostile_set, page_of, plain_set, rich_evidence, state_of

from promptceiling.decision.answers import prompts_of
from promptceiling.decision.inspection import Inspector
from promptceiling.panels import ScoresPanel
from promptceiling.panels.mistakes import MistakesPanel


def inspector(labeled_set, *, repeats=1, answer=None, confidence=0.9, variants=1, doubted=None):
    """Answers of the made-up evidence's first prompts, every fourth of them `answer`, to be inspected."""
    other = answer or labeled_set.labels()[0]
    answers = pd.DataFrame([
        {"case_id": case.id, "variant": prompt.name, "model": prompt.model, "base_url": prompt.base_url,
         "fingerprint": prompt.fingerprint, "repeat": r, "expected": case.expected_category, "unit": case.id,
         "predicted": other if k % 4 == 0 and r == 0 else case.expected_category, "confidence": confidence}
        for prompt in rich_evidence().prompts[:variants]
        for k, case in enumerate(labeled_set.cases.itertuples()) for r in range(repeats)])
    return Inspector(prompts_of(answers, "validation"), labeled_set, doubted)


def inspected(labeled_set, **how):
    return inspector(labeled_set, **how).inspect(rich_evidence().best)


def test_hostile_text_is_shown_and_never_run():
    """Labels, ids, texts, slices and the audit's proposals are words, on every part of the panel."""
    labeled_set = hostile_set()
    doubted = dict.fromkeys(labeled_set.cases["id"], HOSTILE)
    panel = MistakesPanel(inspected(labeled_set, answer=HOSTILE, doubted=doubted))
    panel.expected.value = 1

    assert_shown_as_text(panel.view)


def test_choice_of_a_cell_lists_its_texts_with_ids():
    """The most confused pair is chosen at first; another choice lists its own cases, or none."""
    found = inspected(plain_set())
    panel, top = MistakesPanel(found), found.pairs[0]
    assert f"Expected {top.expected}, answered {top.predicted}: {top.count} cases" in page_of(panel.view).words
    assert all(found.cases[k][0] in panel.texts.value for k in top.positions)

    panel.answered.value = len(found.labels)
    assert "answered no label: 0 cases" in page_of(panel.view).words


def test_cells_that_hold_cases_are_buttons_that_name_their_place_in_the_dropdowns():
    """What a click would choose is the cell's own texts, whatever the order of the rows; empty cells are no buttons."""
    found = inspected(plain_set())
    panel = MistakesPanel(found)
    panel.order.value = 1
    cells = [attrs for tag, attrs in page_of(panel.matrix).elements if tag == "button"]
    assert sum(int(cell["aria-label"].rpartition(" ")[2]) for cell in cells) == len(found.cases)

    for cell in cells:
        panel.expected.value, panel.answered.value = int(cell["data-expected"]), int(cell["data-answered"])
        said = page_of(panel.texts).words
        assert cell["aria-label"] in said


def test_matrix_is_sorted_as_chosen():
    """By errors, the label that is never answered wrongly comes last; by name it is first."""
    found = inspected(plain_set())
    panel, safe = MistakesPanel(found), found.labels[0]

    def rows():
        return [part.split("<")[0] for part in panel.matrix.value.split('<th scope="row">')[1:]]

    assert rows() == sorted(found.labels)
    panel.order.value = 2
    assert rows()[-1] == safe


def test_repeats_and_confidence_are_shown_where_there_are_any():
    """Asked once, or without a confidence, it is said that it was not measured."""
    once = page_of(MistakesPanel(inspected(plain_set(), confidence=None)).view).words
    twice = page_of(MistakesPanel(inspected(plain_set(), repeats=2)).view).words

    assert "each case was asked once" in once
    assert "no answer states one" in once
    assert "cases asked again flip" in twice
    assert "Calibration error" in twice


def test_cases_that_all_miss_say_what_speaks_against_their_label():
    """The audit's proposal and another reader's label; where the audit was not asked, how to."""
    labeled_set = plain_set()
    first = inspected(labeled_set).missed[0]
    asked = page_of(MistakesPanel(inspected(labeled_set, doubted={first.id: "billing?"})).view).words
    assert "audit: billing?" in asked
    assert "audit=True" not in asked
    assert "audit=True" in page_of(MistakesPanel(inspected(labeled_set)).view).words


def test_everything_right_leaves_nothing_to_read():
    """No pair, no case that all miss, and no empty table."""
    labeled_set = plain_set()
    answers = inspector(labeled_set)
    answers.answers["predicted"] = answers.answers["expected"]
    words = page_of(MistakesPanel(answers.inspect(rich_evidence().best)).view).words
    assert "Every answer is right" in words
    assert "every variant gets wrong: 0 of" in words


def test_timed_variants_have_their_latency_and_untimed_ones_are_said():
    """Percentiles of calls timed apart, or that none was."""
    answers = inspector(plain_set())
    assert "Not measured: `measure_latency`" in page_of(ScoresPanel(rich_evidence(), inspector=answers).view).words

    timed = replace(answers, latencies={"5 shots (m)": tuple(k / 1000 for k in range(1, 101))})
    assert "5 shots (m): p50 50.0 ms" in page_of(ScoresPanel(rich_evidence(), inspector=timed).view).words


def test_scores_panel_shows_the_chosen_variants_answers():
    """A variant without answers is said to have none; without an inspector the part is missing."""
    panel = ScoresPanel(rich_evidence(), inspector=inspector(plain_set()))
    assert "Most confused pairs" in page_of(panel.mistakes.view).words

    panel.variant.value = 1
    assert panel.mistakes is None
    assert "has no answer here" in page_of(panel.view).words

    panel.update(rich_evidence())
    assert state_of(panel.view) == state_of(ScoresPanel(rich_evidence()).view)
