"""The memo: everything that a sceptical reader asks for, as Markdown and as one page of HTML."""

import re
from html.parser import HTMLParser

import pytest
from tests.decision.made_up_evidence import (
    DEFAULTS,
    GOOD,
    LOCAL_ALIKE,
    PRICES,
    TUNED_IN_VAIN,
    TUNED_WELL,
    evidence,
    nothing_run,
    plateau,
)
from tests.panels.made_up import HOSTILE, IMAGE, hostile_evidence

from promptceiling.decision import Assumptions, ModelEnd, ModelEnds, decide, memo_of, stated_inputs, write_memo
from promptceiling.decision.document import html, markdown
from promptceiling.decision.loop import stages_of
from promptceiling.decision.options import fine_tune_option
from promptceiling.errors import InputError
from promptceiling.panels import memo_pictures

ENDS = ModelEnds("2026-11-27", {
    "m": ModelEnd("m", "2027-01-14", "the model and every fine-tune built on it", "n", "2026-11-23", "its maker")})
CASES = [evidence(f1=GOOD), evidence(plateau=plateau("confirmed"), alternatives=(TUNED_WELL, LOCAL_ALIKE)),
         evidence(alternatives=(TUNED_IN_VAIN,), embedded=True), nothing_run(), nothing_run(labels=0, classes={}),
         evidence(failed=100), evidence(use=None)]
PARTS = ["Context", "Options", "Evidence", "Decision", "Consequences", "What would change it", "When to look again",
         "What was stated", "Openings of the sealed test split", "How to check this"]


@pytest.mark.parametrize("found", CASES, ids=range(len(CASES)))
def test_the_memo_has_every_part_and_no_unfilled_figure(found):
    """Whatever was measured: the same parts in the same order, the verdict, every row, and no figure left unfilled."""
    text = markdown(memo_of(found, DEFAULTS, PRICES, ENDS))
    decision = decide(found, DEFAULTS, PRICES, ENDS)

    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS
    assert decision.sentence.rstrip(".") in text
    for row in decision.rows:
        assert row.condition.split("(")[0] in text.replace("\\", "")
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


def test_every_measured_figure_stands_with_interval_n_and_source():
    """The score, the latency and the gain: value, interval, n, and the run they came from."""
    text = markdown(memo_of(CASES[1], DEFAULTS, PRICES, ENDS)).replace("\\", "")

    assert "weighted F1 0.70 [0.67, 0.73] on 400 validation cases." in text
    assert "m, validation split, first run 2026-11-23" in text
    assert "p95 of the best prompt is 20.0 ms [15.0, 25.0] over 100 single calls." in text
    assert "+12.0 pp [+9.0, +15.0] on the same 400 test cases" in text
    assert "measured tokens; prices of 2026-11-23, made up" in text
    assert "2026-11-23 11:00 UTC: 5 shots on m" in text


@pytest.mark.parametrize(("found", "why"), [
    (evidence(model="nosuch"), "What 5 shots costs is not known: no price is listed for nosuch: state the model"),
    (evidence(use=None), "What 5 shots costs is not known: its calls reported no tokens: run on an endpoint that"),
])
def test_a_prompt_whose_cost_is_not_known_is_listed_with_the_remedy(found, why):
    """It stays among the options, with its score, and without a figure of money."""
    text = markdown(memo_of(found, DEFAULTS, PRICES, ENDS)).replace("\\", "")
    (row,) = [line for line in text.splitlines() if line.startswith("| best prompt: 5 shots")]

    assert "0.70 [0.67, 0.73], n 400" in row
    assert row.count("cost not known") == 2
    assert why in text


def test_dates_say_when_to_look_again():
    """The base model's end with its source and replacement, the drift that is stated, and the nearest flips."""
    text = markdown(memo_of(CASES[1], DEFAULTS, PRICES, ENDS))

    assert "2027-01-14, 48 days from the decision: m ends" in text
    assert "2027-05-29: inputs have drifted by then" in text
    assert "Prices as of 2026-11-23; ends of models as of 2026-11-23." in text


def test_every_assumption_is_listed_with_its_reason():
    """Title, value, whether it is the default or what the default is, and why."""
    text = markdown(memo_of(CASES[0], Assumptions(usd_per_hour=120.0), PRICES, ENDS)).replace("\\", "")

    for stated in stated_inputs():
        assert stated.title in text
        assert stated.why in text
    assert "| An hour of work | $120 | stated; default $90 |" in text


class Page(HTMLParser):
    """Tags, and attributes that load something."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]

    def handle_data(self, data):
        self.words += data


def test_the_page_needs_nothing_and_runs_nothing():
    """One file: no script, no address, a policy that forbids both; names from data are text in it."""
    page = Page(html(memo_of(hostile_evidence(), DEFAULTS, PRICES, ENDS)))

    assert page.loads == []
    assert set(page.tags) <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "div",
                              "table", "thead", "tbody", "tr", "th", "td"}
    assert IMAGE in page.words


def test_the_page_has_the_charts_of_the_panels_and_runs_nothing(tmp_path):
    """Drawn in the page and said in words, each in its part: a name from data is text there too. Markdown has none."""
    for name in ("m.html", "m.md"):
        write_memo(tmp_path / name, hostile_evidence(), DEFAULTS, PRICES, ENDS, pictures=memo_pictures)
    text = (tmp_path / "m.html").read_text(encoding="utf-8")
    page, parts = Page(text), re.split("<h2>", text)

    assert {"svg", "figcaption"} <= set(page.tags)
    assert not {"script", "img", "iframe", "object", "link"} & set(page.tags)
    assert page.loads == []
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    charts = {part.split("</h2>")[0]: part.count("<figure") for part in parts[1:] if "<figure" in part}
    assert charts["Options"] == 2
    assert charts["Consequences"] == 1
    assert {"Evidence", "What would change it"} <= charts.keys()
    assert "<svg" not in (tmp_path / "m.md").read_text(encoding="utf-8")


def test_before_the_first_run_there_is_nothing_to_draw():
    """No part has a picture."""
    assert memo_pictures(nothing_run(), DEFAULTS, PRICES, ENDS) == {}


def test_names_from_data_are_text_in_markdown():
    """No tag, no link, no table cell of its own comes of a name."""
    text = markdown(memo_of(hostile_evidence(), DEFAULTS, PRICES, ENDS))
    rows = [line for line in text.splitlines() if line.startswith("|")]

    assert HOSTILE not in text
    assert not re.search(r"(?<!\\)<(img|script)", text)
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(widths) <= {6, 7, 9}


def test_the_suffix_says_the_format(tmp_path):
    """Markdown, HTML, or a sentence about another suffix or a place that cannot be written."""
    for name, start in (("m.md", "# Decision: "), ("m.html", "<!doctype html>")):
        write_memo(tmp_path / name, CASES[0], DEFAULTS, PRICES, ENDS)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    with pytest.raises(InputError, match=r"ends in '\.pdf'; name it \*\.md or \*\.html\."):
        write_memo(tmp_path / "m.pdf", CASES[0], DEFAULTS, PRICES, ENDS)
    with pytest.raises(InputError, match="cannot be written"):
        write_memo(tmp_path / "nowhere" / "m.md", CASES[0], DEFAULTS, PRICES, ENDS)


@pytest.mark.parametrize("stated", [DEFAULTS, Assumptions(labels_enough=5_000, requests_per_month=1e8),
                                    Assumptions(tuned_price_of="gpt-6-luna")])
def test_the_stages_of_the_loop_add_up_to_the_bill(stated):
    """Hours times the rate, the training run, the GPU or the calls: the seven stages are the set-up and the month."""
    tune = fine_tune_option(evidence(), stated, PRICES)
    stages = stages_of(tune, stated)

    assert [s.name for s in stages] == ["data collection", "training", "evaluation", "deployment", "monitoring",
                                        "drift detection", "re-training"]
    assert sum(s.first_usd for s in stages) == pytest.approx(tune.setup_usd)
    assert sum(s.month_usd for s in stages) == pytest.approx(tune.month_usd)
    assert stages[0].first_hours * stated.usd_per_hour == pytest.approx(stages[0].first_usd)
    assert stages[-1].month_hours == pytest.approx(48 * 0.5 / 6)
