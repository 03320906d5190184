"""Training data for a fine-tune: chat JSONL, in the words that the fine-tune will be asked with, without leaks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import LabeledSet
from promptceiling.labeled_set.labeled_set import EXPECTED
from promptceiling.prompts import PromptVariant, ShotPicker, read_completion, render
from promptceiling.prompts.render import answer_text
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.tuning.leaks import Leak, counted, find_leaks

Line = dict[str, Any]
Leaking = Literal["refuse", "leave out"]


def training_variant(variant: PromptVariant, labeled_set: LabeledSet, *, shots: bool = False) -> PromptVariant:
    """The variant that a fine-tune is trained on, and must be asked with.

    Without shots, since it does not need them; without a stated confidence and without fields that the set has no
    labels for, since nobody labeled them; and as a chat, where the variant asks the Decisions API, which no fine-tune
    has. A variant that is so already is given back.
    """
    decisions = variant.output == "decisions"
    trained = replace(
        variant, shots=variant.shots if shots else 0, confidence=False,
        fields=tuple(f for f in variant.fields if f.name in labeled_set.fields),
        output="json_schema" if decisions else variant.output,
        system_template="" if decisions else variant.system_template)  # a decision's has no place for the labels
    if trained == variant:
        return variant
    return replace(trained, name=f"{variant.name}, as trained", kind="fine-tune", parent=variant.name)


def training_cases(labeled_set: LabeledSet, *, leaks: Leaking = "refuse") -> tuple[pd.DataFrame, tuple[Leak, ...]]:
    """The cases to train on and those of them that leaked.

    A train case that is, or nearly is, a validation or test case is refused with a TuningError, or left out.
    """
    train, scored = labeled_set.split("train"), labeled_set.cases[labeled_set.cases["split"] != "train"]
    if train.empty:
        raise InputError(f"The split 'train' of {labeled_set.name} has no cases.", column="split")
    found = find_leaks(train["input"].tolist(), scored["input"].tolist())
    leaking = sorted({leak.trained for leak in found})
    if leaking and leaks == "refuse":
        raise TuningError(
            f"{len(leaking)} train cases nearly repeat a validation or test case (first: row "
            f"{train['row'].iloc[leaking[0]]}). Move them into one split, or let the set be split here, then export "
            f"again; or leave them out. Alike: {counted(found)}.")
    kept = train.drop(index=train.index[leaking])
    if kept.empty:
        raise TuningError("Every train case repeats a validation or test case, so nothing is left to train on. Split "
                          "the set anew.")
    return kept, found


def lines_of(
    labeled_set: LabeledSet, variant: PromptVariant, cases: pd.DataFrame, *, shots: bool = False
) -> list[Line]:
    """One chat example a case, `{"messages": [system, user, assistant]}`, as `training_variant` asks."""
    asked = training_variant(variant, labeled_set, shots=shots)
    picked: Sequence[Sequence[Any]] = ShotPicker(labeled_set).pick(asked, cases) if asked.shots else [()] * len(cases)
    lines = []
    for record, examples in zip(cases.to_dict("records"), picked, strict=True):
        expected = {f: str(record[EXPECTED + f]) for f in labeled_set.fields}
        prompt = render(asked, str(record["input"]), examples).messages
        lines.append({"messages": [*prompt, {"role": "assistant", "content": answer_text(asked, expected)}]})
    return lines


def training_lines(labeled_set: LabeledSet, variant: PromptVariant) -> list[Line]:
    """One chat example a train case, without shots. Raises TuningError where a train case leaks."""
    return lines_of(labeled_set, variant, training_cases(labeled_set)[0])


def text_of(lines: Sequence[Line]) -> str:
    """JSON Lines, in ASCII."""
    return "".join(json.dumps(line) + "\n" for line in lines)


def check_same(texts: Mapping[Path, str]) -> None:
    """Raise InputError where a file is there that says something else than what is to be written."""
    for path, text in texts.items():
        if path.exists() and (not path.is_file() or path.read_bytes() != text.encode()):
            raise InputError(f"{path} is there already and says something else. Name another folder, or replace it "
                             "with --force (overwrite=True).", file=str(path))


def write_lines(path: Path, lines: Sequence[Line], variant: PromptVariant) -> None:
    """Write JSON Lines (ASCII), read every line back and check it; a process that only shows checks what is there.

    Each must be equal to what was meant, have the roles that services ask for, and an answer that the variant's own
    reading rule reads as its label. Raises TuningError for a line that is not so, or a disk that cannot be written.
    """
    try:
        if not only_shows():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(lines), encoding="ascii")
        elif not path.exists():
            raise TuningError(f"There is no {path} yet. {WHY}")
        again = path.read_text(encoding="ascii").split("\n")
    except OSError as error:
        raise TuningError(f"{path} cannot be written: {error.strerror}. Name another folder.") from None
    if len(again) != len(lines) + 1:
        raise TuningError(f"{path} has {len(again) - 1} lines instead of {len(lines)}. Check the disk, then export "
                          "again.")
    for number, (text, line) in enumerate(zip(again, lines, strict=False), start=1):
        problem = _problem(text, line, variant)
        if problem:
            raise TuningError(f"{path.name}, line {number}: {problem}. Mend the case, then export again.")


def _problem(text: str, meant: Line, variant: PromptVariant) -> str | None:
    try:
        line = json.loads(text)
    except ValueError:
        return "does not read back as JSON"
    if line != meant:
        return "does not read back as it was written"
    roles = [m["role"] for m in line["messages"]]
    if roles != ["system", *["user", "assistant"] * (len(roles) // 2)] or len(roles) < 3:
        return f"has the roles {', '.join(roles)}; expected system, then user and assistant in turn"
    if not all(isinstance(m["content"], str) and m["content"].strip() for m in line["messages"]):
        return "has a message without text"
    answer = line["messages"][-1]["content"]
    meant_label = answer if variant.output == "label" else json.loads(answer)[variant.fields[0].name]
    reading = read_completion(variant, answer, finish_reason="stop", refusal=None)
    if reading.prediction != meant_label:
        return f"has an answer that the variant's own rule reads as {reading.prediction!r}, not {meant_label!r}"
    return None


def write_training_file(labeled_set: LabeledSet, variant: PromptVariant, path: Path) -> int:
    """Write the training lines as JSON Lines and read them back; the number of lines."""
    lines = training_lines(labeled_set, variant)
    write_lines(path, lines, training_variant(variant, labeled_set))
    return len(lines)
