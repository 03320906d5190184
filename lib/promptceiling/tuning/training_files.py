"""The two files of a fine-tune, with all that is known of them before it is paid for: checks, tokens, cost, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from promptceiling.labeled_set import Finding, LabeledSet
from promptceiling.prompts import PromptVariant
from promptceiling.runs import Endpoint
from promptceiling.runs.read_only import only_shows
from promptceiling.tuning.export import (
    Leaking,
    Line,
    check_same,
    lines_of,
    text_of,
    training_cases,
    training_variant,
    write_lines,
)
from promptceiling.tuning.services import Service, service_of
from promptceiling.tuning.training_checks import balance, conflicts, leaks_left_out, limits, sealed

EPOCHS = 3
_SAMPLE = 200  # cases over which the length of a request is averaged
_A_MESSAGE = 4  # tokens that a chat template adds to a message, about


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts, rough: four bytes of UTF-8 a token and four a message, since no tokenizer is asked.

    Attributes
    ----------
    train, validation: of each file, once through; longest: of one example.
    prompt, prompt_with_shots: mean tokens of a request without its answer, over the first 200 train cases: as trained,
        and with the variant's shots.
    """

    train: int
    validation: int
    longest: int
    prompt: float
    prompt_with_shots: float

    @property
    def saved(self) -> float:
        """Share of a request's tokens that need not be sent any more once the model is tuned; 0 where none is saved."""
        return max(0.0, 1 - self.prompt / self.prompt_with_shots) if self.prompt_with_shots else 0.0


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """What `export_training` wrote.

    Attributes
    ----------
    train_path, validation_path: chat JSON Lines; None for a set without a validation split.
    variant: what was trained on; the fine-tune must be asked with it.
    train, validation: lines of each; left_out: train cases that leaked and were left out.
    checks: findings, those that block first.
    tokens: see `Tokens`; epochs: that the cost is for.
    usd: what training costs by the table of services; None where no price is known.
    service: what is known of the host and the model, or None.
    """

    train_path: Path
    validation_path: Path | None
    variant: PromptVariant
    train: int
    validation: int
    left_out: int
    checks: tuple[Finding, ...]
    tokens: Tokens
    epochs: int
    usd: float | None
    service: Service | None

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """What must be mended before anything is uploaded."""
        return tuple(check for check in self.checks if check.severity == "blocks")

    def __str__(self) -> str:
        shots = (f"with the variant's shots it is {self.tokens.prompt_with_shots:,.0f} ({self.tokens.saved:.0%} saved)"
                 if self.tokens.saved else "the variant sends no shots")
        cost = "no training price is known" if self.usd is None else f"about ${self.usd:,.2f} for {self.epochs} epochs"
        return (f"{self.train:,} train and {self.validation:,} validation examples in {self.train_path.parent}, about "
                f"{self.tokens.train:,} tokens to train on ({cost}). A request is about {self.tokens.prompt:,.0f} "
                f"tokens long as trained; {shots}.")


def export_training(
    labeled_set: LabeledSet, variant: PromptVariant, folder: str | Path, *, endpoint: Endpoint | None = None,
    epochs: int = EPOCHS, shots: bool = False, leaks: Leaking = "refuse", today: date | None = None,
    overwrite: bool = True,
) -> TrainingFiles:
    """Write `train.jsonl` and `validation.jsonl` for a variant into a folder, every line read back and checked.

    Shots are left out unless `shots`. A train case that repeats a validation or test case is refused, or left out.
    Without `overwrite`, a file that is there and says something else is an InputError, and nothing is written.
    `endpoint` is where it would be tuned: its limits, price and closing day are then checked, as of `today`. Raises
    TuningError for a leak, or a line that does not read back; InputError for a set without train cases.
    """
    cases, found = training_cases(labeled_set, leaks=leaks)
    validation = labeled_set.split("validation")
    asked, folder = training_variant(variant, labeled_set, shots=shots), Path(folder)
    lines = lines_of(labeled_set, variant, cases, shots=shots)
    held = lines_of(labeled_set, variant, validation, shots=shots)
    if not overwrite:
        check_same({folder / "train.jsonl": text_of(lines), folder / "validation.jsonl": text_of(held)})
    write_lines(folder / "train.jsonl", lines, asked)
    if held:
        write_lines(folder / "validation.jsonl", held, asked)
    elif not only_shows():
        (folder / "validation.jsonl").unlink(missing_ok=True)  # of an earlier export
    tokens = _tokens(labeled_set, variant, cases, lines, held)
    service = service_of(endpoint.base_url, endpoint.model) if endpoint else None
    price = service.train_usd_per_mtok if service else None
    train_cases = labeled_set.split("train")
    checks = (
        leaks_left_out(train_cases, found), *sealed(labeled_set, validation, asked), *conflicts(cases),
        *balance(labeled_set, cases),
        *limits(service, len(lines), (folder / "train.jsonl").stat().st_size, tokens.longest, today or date.today()),
        Finding("lines", "fine", f"{len(lines) + len(held):,} lines were written and read back, equal and with an "
                "answer that reads as its label.", "What is trained on is what was labeled."))
    order = ("blocks", "weakens", "fine")
    return TrainingFiles(
        folder / "train.jsonl", folder / "validation.jsonl" if held else None, asked, len(lines), len(held),
        len(train_cases) - len(cases), tuple(sorted(checks, key=lambda c: order.index(c.severity))), tokens, epochs,
        None if price is None else tokens.train * epochs * price / 1e6, service)


def line_tokens(line: Line) -> int:
    """About how many tokens an example has; see `Tokens`."""
    return sum(_A_MESSAGE + len(m["content"].encode("utf-8", "replace")) // 4 for m in line["messages"])


def _tokens(
    labeled_set: LabeledSet, variant: PromptVariant, cases: pd.DataFrame, lines: Sequence[Line], held: Sequence[Line]
) -> Tokens:
    each = [line_tokens(line) for line in lines]
    sample = cases.iloc[:_SAMPLE]
    full = lines_of(labeled_set, replace(variant, embedding=None), sample, shots=True)  # any near shots are as long
    without, with_shots = (
        sum(line_tokens({"messages": line["messages"][:-1]}) for line in some) / len(sample)
        for some in (lines[:_SAMPLE], full))
    return Tokens(sum(each), sum(map(line_tokens, held)), max(each), without, with_shots)
