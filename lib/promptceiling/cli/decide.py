"""`decide`, `publish` and `verify`: the table and the file that others can check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from promptceiling.cli.group import JSON, STORE, main, print_json
from promptceiling.errors import InputError


@main.command("decide")
@STORE
@click.option("--fail-unless", "wanted", help="Exit with status 1 unless this is the verdict.")
@click.option("--f1", "f1_ship", type=float, default=0.85, show_default=True, help="Weighted F1 above which it ships.")
@click.option("--sla-ms", type=float, default=300.0, show_default=True, help="Hard latency limit, p95.")
@click.option("--requests-per-month", type=float, default=100_000.0, show_default=True)
@click.option("--budget-usd-per-month", type=float, default=1_000.0, show_default=True)
@JSON
def decide_command(store: str, wanted: str | None, as_json: bool, **stated: Any) -> None:
    """Answer the decision table from the evidence in the workspace."""
    from typing import get_args

    from promptceiling.decision import Assumptions, Verdict, decide, gather
    from promptceiling.runs import Workspace, price_table

    if wanted is not None and wanted not in get_args(Verdict):
        raise InputError(f"{wanted!r} is no verdict; expected one of: {'; '.join(get_args(Verdict))}.")
    assumptions = Assumptions(**stated)
    with Workspace(store, read_only="://" not in store) as workspace:
        decision = decide(gather(workspace, threshold=assumptions.f1_ship), assumptions, price_table())
    if as_json:
        print_json(decision.as_json())
    else:
        click.echo(f"{decision.sentence}  [{decision.verdict}; {decision.strength} of 3 conditions carry a fine-tune]\n"
                   f"Why: {decision.because}\nNext: {decision.next}\n")
        for row in decision.rows:
            click.echo(f"{row.status:>12}  {row.condition}. {row.reason} {row.remedy}".rstrip())
    sys.exit(0 if wanted in (None, decision.verdict) else 1)


@main.command("publish")
@click.argument("file", type=click.Path(path_type=Path))
@STORE
def publish_command(file: Path, store: str) -> None:
    """Write everything that the decision rests on into one read-only FILE."""
    from promptceiling.decision import publish
    from promptceiling.runs import Workspace

    with Workspace(store, read_only="://" not in store) as workspace:
        published = publish(workspace, file)
    click.echo(f"{file}: {published.evidence.name}, {len(published.evidence.prompts)} variants, "
               f"{published.evidence.labels:,} cases. Show it with `promptceiling app {file}`.")


@main.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
def verify_command(file: Path) -> None:
    """Recompute every number in a published FILE from the answers in it."""
    from promptceiling.decision import verify

    differences = verify(file)
    for line in differences:
        click.echo(line)
    if not differences:
        click.echo(f"{file}: every number follows from its answers.")
    sys.exit(1 if differences else 0)
