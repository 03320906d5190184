"""`check`: the audit of a labeled set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from promptceiling.cli.group import COLUMNS, JSON, main, print_json
from promptceiling.labeled_set import (
    audit,
    compare_with_production,
    read_labeled_set,
    read_texts,
    split_labeled_set,
)
from promptceiling.labeled_set.report import check_report

_SLOW = 5_000  # cases from which on a check takes more than a few seconds


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@COLUMNS
@click.option("--production", type=click.Path(path_type=Path),
              help="An unlabeled sample of production, to see whether the set is representative of it.")
@JSON
def check(file: Path, production: Path | None, as_json: bool, **columns: str | None) -> None:
    """Audit a labeled set: what was read, what is wrong with it, how it splits."""
    labeled_set = read_labeled_set(file, **columns)
    slow = len(labeled_set) >= _SLOW
    if slow:
        click.echo(f"{len(labeled_set):,} cases are read; looking for near-duplicates ...", err=True)
    labeled_set = split_labeled_set(labeled_set)
    compared = compare_with_production(labeled_set, read_texts(production)) if production else None
    if slow:
        click.echo("Split; looking for label errors, secrets and what else an audit tells ...", err=True)
    findings = audit(labeled_set)
    splits = {name: int(n) for name, n in labeled_set.cases["split"].value_counts().sort_index().items()}
    classes = {str(label): int(n) for label, n in labeled_set.cases["expected_category"].value_counts().items()}
    if as_json:
        told = {"production": {k: v for k, v in asdict(compared).items() if not k.endswith("_scores")}
                } if compared else {}
        print_json({"file": str(file), "rows": len(labeled_set), "classes": classes,
                     "fields": list(labeled_set.fields), "notices": [asdict(n) for n in labeled_set.notices],
                     "findings": [asdict(f) for f in findings], "splits": splits, **told})
        return
    click.echo(f"{file}: {len(labeled_set):,} cases, fields {', '.join(labeled_set.fields)}; splits "
               + ", ".join(f"{name} {n}" for name, n in splits.items()))
    click.echo(check_report(labeled_set, classes, findings, compared))
