"""Training data for a fine-tune: the train split as chat JSONL, checked against the splits that are scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from promptceiling.errors import TuningError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED
from promptceiling.prompts import PromptVariant, render
from promptceiling.prompts.render import answer_text


def training_lines(labeled_set: LabeledSet, variant: PromptVariant) -> list[dict[str, Any]]:
    """One chat example a train case, `{"messages": [system, user, assistant]}`, without shots.

    The system text is the variant's, so that the fine-tune is asked as it was trained. Raises TuningError where a train
    case shares a near-duplicate cluster with a case that is scored, and for a variant that asks for decisions.
    """
    if variant.output == "decisions":
        raise TuningError(f"{variant.name} asks for decisions, which no fine-tune gives. Choose another output.")
    train = labeled_set.split("train")
    scored = set(labeled_set.cases.loc[labeled_set.cases["split"] != "train", "cluster"])
    leaking = train[train["cluster"].isin(scored)]
    if len(leaking):
        raise TuningError(
            f"{len(leaking)} train cases nearly repeat a validation or test case (first: row "
            f"{leaking['row'].iloc[0]}). Move them into one split, or let the set be split here, then export again."
        )
    lines = []
    for record in train.to_dict("records"):
        expected = {f: str(record[EXPECTED + f]) for f in labeled_set.fields}
        prompt = render(variant, str(record["input"])).messages
        lines.append({"messages": [*prompt, {"role": "assistant", "content": answer_text(variant, expected)}]})
    return lines


def write_training_file(labeled_set: LabeledSet, variant: PromptVariant, path: Path) -> int:
    """Write the training lines as JSON Lines (ASCII) and read them back; the number of lines."""
    lines = training_lines(labeled_set, variant)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    if [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()] != lines:
        raise TuningError(f"{path} does not read back as it was written. Check the disk, then export again.")
    return len(lines)
