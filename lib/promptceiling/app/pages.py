"""What the app shows: a page for each published file, and the notebooks of the workbook where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from promptceiling.decision import decide, read_published
from promptceiling.decision.words import figure
from promptceiling.errors import PromptCeilingError
from promptceiling.panels.walkthrough import parts_of

_READ_ONLY = "from promptceiling.runs.read_only import forbid_writing\n\nforbid_writing()\n"
STEPS = {  # notebook -> its title and what it answers
    "1_labeled_set": ("1 · The labeled set", "What was read, what is wrong with it, and how it splits."),
    "2_prompt_variants": ("2 · Prompt variants", "What each variant sends, what it costs, and how they score."),
    "3_scores": ("3 · Scores", "Which differences are real, where answers are wrong, and whether there is a plateau."),
    "4_fine_tuning": ("4 · Fine-tuning", "A fine-tune and a local classifier beside the prompt, on the same cases."),
    "5_decision": ("5 · Decision", "The table, the verdict, and what would flip it."),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app.

    Attributes
    ----------
    kind: "decision" or "notebook".
    address: its path below the app's, "" where it is the app's only page.
    notebook: the notebook that it runs, by its name in the notebooks' folder.
    set_up: Python that runs before the notebook's first cell.
    label, title, sentence, about: what the start page says of it.
    parts: the page's own parts as HTML, rendered once; none for a notebook. A visitor reads the first at once, before
        the kernel with the controls has started.
    """

    kind: str
    address: str
    notebook: str
    set_up: str
    label: str
    title: str
    sentence: str = ""
    about: str = ""
    parts: tuple[str, str] | None = None

    def told(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def notebook(name: str) -> Path:
    """The path of a notebook that comes with the project. Raises PromptCeilingError where it is missing."""
    here = Path(__file__).resolve()
    for root in (here.parents[3] / "notebooks", here.parents[1] / "notebooks"):
        if (root / name).is_file():
            return root / name
    raise PromptCeilingError(f"The notebook {name} is missing; restore it from the repository.")


def pages_of(published: Sequence[Path], *, workbook: bool) -> list[Page]:
    """The pages over these files, in their order, then the workbook's.

    Raises WorkspaceError for a file that is not published, PromptCeilingError where nothing is to be shown.
    """
    alone = len(published) == 1 and not workbook
    pages: list[Page] = []
    for path in published:
        address = "" if alone else _address(path.stem, {page.address for page in pages})
        pages.append(_decision(path, address))
    if workbook:
        pages += [Page("notebook", step, notebook(f"{step}.ipynb").name,
                       f"{_READ_ONLY}from promptceiling.panels.plain_errors import say_errors\n\nsay_errors()",
                       "", title, sentence)
                  for step, (title, sentence) in STEPS.items()]
    if not pages:
        raise PromptCeilingError("There is nothing to show. Name a published file.")
    return pages


def _decision(path: Path, address: str) -> Page:
    found = read_published(path)
    evidence, decision = found.evidence, decide(found.evidence, found.assumptions, found.prices)
    row = decision.row("f1")
    scored = f"F1 {figure(row.interval)} on {row.interval.n} cases · " if row.interval else ""
    return Page(
        "decision", address, notebook("walkthrough.ipynb").name,
        f'{_READ_ONLY}import os\n\nos.environ["PROMPTCEILING_PUBLISHED"] = {str(path.resolve())!r}',
        f"{path.name}, published {found.published_at[:10]}", evidence.name, decision.sentence,
        f"{scored}{evidence.labels:,} labeled cases in {len(evidence.classes)} classes"
        + (" · the embedded model's scores, not an LLM's" if evidence.embedded else ""), parts_of(found))


def _address(stem: str, taken: set[str]) -> str:
    """A path of letters, digits, dots and dashes for a file's name, unlike the others.

    >>> _address("Q4 <tickets>", {"Q4-tickets"})
    'Q4-tickets-2'
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.") or "decision"
    if plain in (*STEPS, "voila", "api", "login", "logout", "static"):
        plain = f"decision-{plain}"
    found, k = plain, 1
    while found in taken:
        k += 1
        found = f"{plain}-{k}"
    return found
