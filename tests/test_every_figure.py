"""No estimate stands without its interval and its n: a walk through what people read, with what needs none written out.

Read are prose, table rows (each cell behind its column's name) and the text alternatives of charts. In a line an
estimate is a decimal, a percentage, or a number of points or milliseconds.
"""

import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from tests.decision.small_run import small_set, small_workspace
from tests.panels.made_up import markup_of

import promptceiling
from promptceiling.cli import main
from promptceiling.decision import Assumptions, gather, publish, read_published
from promptceiling.decision.inspection import inspector_of
from promptceiling.panels import ScoresPanel, TuningPanel
from promptceiling.panels.walkthrough import parts_of
from promptceiling.runs import Workspace, completions, price_table

_NUMBER = r"[-+]?\$?\d[\d,]*(?:\.\d+)?"
_UNIT = r"(?:\s?(?:%|pp|points|ms|USD|million|billion|months?|h)\b|%)?"
INTERVAL = re.compile(rf"{_NUMBER}{_UNIT} \[[^\]]+\]")
ESTIMATE = re.compile(
    r"(?<![\w.,$])[-+]?\d+(?:\.\d+(?!\d)(?!\.\d)(?:\s?(?:pp|points|ms|%))?|\s?(?:pp\b|ms\b|points\b|%))")
NEEDS_NONE = [re.compile(pattern) for pattern in (
    r"95%( intervals?| bound|:)?", r"at 80% power",  # levels
    r"gained [-+][\d.]+ pp, at most [-+][\d.]+ pp \(95% bound",  # an interval with one end
    r"[\d.]+–[\d.]+ (pp|points)", r"\d+% gain at least [-+][\d.]+ pp",
    r"\d+% of resamples( the gain is at least [\d.]+ pp)?",  # simulated, as all shares of resamples and worlds
    r"(above|below|over|under|threshold( of)?|limit of|gain of|still gain|framed:|too little|enough|at (least|most)|"
    r"against) "
    r"[-+]?[\d.]+( (pp|points|ms))?%?(?! \[)",  # thresholds, margins, and values at which a verdict flips
    r"in some of \d+ plausible worlds from [\d.]+ million", r"[\d.]+% of the completions failed",
    r"hours (at first|a month)\| [\d.]+", r"[\d.]+ h, \$", r"^input\| .*",  # work and inputs, as stated
    r"[-+]?[\d.]+( \w+){0,3} \(stated\)", r"[\d.]+% of a round's hours",  # what is stated
    r"\b[pP](, corrected:)? [\d.]+(e-\d+)?", r"p, corrected\| ?[\d.]+",  # p-values
    r"best in, of 10,000 resamples\| ?\d+%",
    r"[\d.]+% \(\d+ of \d+\)", r"(holds )?in \d+%( of (them|\d+ plausible worlds))?",  # counts of simulated worlds
    r"where the most confident \d+% are", r"stated [\d.]+: right",  # where on the axis
    r"would show [\d.]+ here on average",  # what chance alone does, simulated
    r"would show\| ?a difference of [\d.]+ pp", r"show a difference of [\d.]+ pp",  # planned, not measured
)]
HAS_N = re.compile(r"\bn[ =]{1,3}\d|\bof \d|\d (?:\w+ ){0,3}(cases|calls|draws|worlds)\b|(cases|scored)\| ?\d")


def bare(line):
    """The estimates of a line that have no interval."""
    rest = INTERVAL.sub(" ", line)
    for pattern in NEEDS_NONE:
        rest = pattern.sub(" ", rest)
    return ESTIMATE.findall(rest)

ENDED = ("p", "li", "h1", "h2", "h3", "caption")


class Lines(HTMLParser):
    """The lines of a page: blocks of prose, rows of tables, and charts as they are told."""


    def __init__(self, markup):
        super().__init__()
        self.lines, self.text, self.hidden, self.head, self.cell = [], "", 0, [], 0
        self.feed(str(markup))
        self.close()
        self.end()

    def end(self):
        self.lines.append(" ".join(self.text.split()))
        self.text = ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("svg", "img"):
            self.lines.append(attrs.get("aria-label") or attrs.get("alt") or "")
        if tag in ("svg", "style"):
            self.hidden += 1
        elif tag == "table":
            self.head = []
        elif tag == "tr":
            self.end()
            self.cell = 0
        elif tag == "th":
            self.head.append("")
        elif tag == "td":
            self.text += f" {self.column()}| "
        elif tag == "dd":
            self.text += "| "
        elif tag in ENDED or tag in ("dt", "summary", "figcaption", "div", "section", "dl", "ul"):
            self.end()

    def handle_endtag(self, tag):
        if tag in ("svg", "style"):
            self.hidden -= 1
        elif tag in ("td", "th"):
            self.cell += 1
        elif tag in ENDED or tag in ("tr", "dd", "summary"):
            self.end()

    def column(self):
        return self.head[self.cell] if self.cell < len(self.head) else ""

    def handle_data(self, data):
        if self.hidden or (self.lasttag == "td" and self.column() == "text"):  # a case's own words
            return
        self.text += data
        if self.lasttag == "th":
            self.head[-1] += data.strip()


def without(lines):
    """What stands without an interval, and intervals without an n, each with its line."""
    found = [(estimate, line) for line in lines for estimate in bare(line)]
    return found + [("no n", line) for line in lines if INTERVAL.search(line) and not HAS_N.search(line)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The small run, opened for reading."""
    folder = tmp_path_factory.mktemp("workspace")
    small_workspace(folder)
    with Workspace(folder, read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def predictions(workspace, tmp_path_factory):
    """Files of two variants' answers, of which one failed on two cases."""
    folder, files = tmp_path_factory.mktemp("predictions"), []
    answers = completions(workspace, small_set()).query("split == 'validation'")
    for name, rows in list(answers.groupby("variant"))[:2]:
        failed = [k < 2 and not files for k in range(len(rows))]
        files.append(folder / f"{len(files)}.csv")
        rows.assign(id=rows["case_id"], outcome=rows["outcome"].mask(failed, "failed"), variant=name)[
            ["id", "variant", "expected", "predicted", "outcome"]].to_csv(files[-1], index=False)
    return [str(file) for file in files]


@pytest.mark.parametrize(("line", "found"), [
    ("weighted F1 0.83 on 40 cases", ["0.83"]), ("accuracy 91.2% of 300", ["91.2%"]),
    ("p95 is 12.0 ms over 40 calls", ["12.0 ms"]), ("12 ms", ["12 ms"]), ("hours at $90.0.", []),
    ("it is +3.1 pp better, n 300", ["+3.1 pp"]), ("0.83 [0.80, 0.86], n 300, and macro F1 0.70", ["0.70"]),
    ("best so far, from 0.16 to 0.72", ["0.16", "0.72"]), ("accuracy 0.83 [0.80, 0.86]", ["no n"]),
    ("0.83 [0.80, 0.86] on 300 cases is above 0.85", []), ("-3.4 pp [-7.5, +0.8], n 392", []),
    ("a threshold of 0.85, and 3.11 of 8", ["3.11"]), ("8.4 ms [7.8, open], n 100 against 8.0 points (stated)", []),
])
def test_the_walk_sees_what_stands_alone(line, found):
    """It would be no use if it passed over a bare figure, or stopped at a whole one."""
    assert [estimate for estimate, _ in without([line])] == found


def test_results_in_a_notebook_leave_no_figure_alone(workspace):
    """Leaderboard, comparison and plateau."""
    board = promptceiling.leaderboard(workspace)
    first, second = (standing.name for standing in board.standings[:2])
    for result in (board, promptceiling.compare(second, first, workspace), promptceiling.plateau(workspace)):
        assert without(Lines(result._repr_html_()).lines) == []


def test_panels_leave_no_figure_alone(workspace):
    """Scores with an inspection of the best variant, and the alternatives."""
    evidence = gather(workspace)
    for panel in (ScoresPanel(evidence, inspector=inspector_of(workspace, evidence)),
                  TuningPanel(evidence, Assumptions(), price_table())):
        assert without(Lines(markup_of(panel.view)).lines) == []


def test_the_walkthrough_leaves_no_figure_alone(workspace, tmp_path):
    """The whole page that a stakeholder reads."""
    publish(workspace, tmp_path / "published.sqlite")
    assert without(Lines("".join(parts_of(read_published(tmp_path / "published.sqlite")))).lines) == []


def test_the_memo_and_decide_leave_no_figure_alone(workspace, tmp_path):
    """The decision record, and what the command prints."""
    memo = tmp_path / "memo.html"
    printed = CliRunner().invoke(main, ["decide", "--store", str(workspace.folder), "--memo", str(memo)])
    assert without(printed.stdout.splitlines()) == []
    assert without(Lines(memo.read_text(encoding="utf-8")).lines) == []


def test_score_and_compare_leave_no_figure_alone(predictions):
    """Both readings of failures among them."""
    for command in (["score", *predictions], ["compare", *predictions]):
        printed = CliRunner().invoke(main, command).stdout
        assert "counted as wrong" in printed or "counts as wrong" in printed
        assert without(printed.splitlines()) == []
