"""`decide`, `publish` and `verify`: the table and the file that others can check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from promptceiling.cli.group import FORCE, JSON, STORE, check_free, main, print_json
from promptceiling.errors import InputError

if TYPE_CHECKING:
    from promptceiling.decision import Assumptions


@main.command("decide")
@STORE
@click.option("--fail-unless", "wanted", multiple=True, help="Exit with status 1 unless this is the verdict, or one of "
              "these. A verdict rests on whole intervals, never on points.")
@click.option("--f1", "f1_ship", type=float, default=0.85, show_default=True, help="Weighted F1 above which it ships.")
@click.option("--sla-ms", type=float, default=300.0, show_default=True, help="Hard latency limit, p95.")
@click.option("--requests-per-month", type=float, default=100_000.0, show_default=True)
@click.option("--budget-usd-per-month", type=float, default=1_000.0, show_default=True)
@click.option("--assume", "assumed", multiple=True, metavar="NAME=VALUE", help="Any other assumption, such as "
              "gpu_usd_per_hour=2; decide --json lists them all under \"assumptions\".")
@click.option("--memo", type=click.Path(path_type=Path), help="Write the decision record too: FILE.md or FILE.html.")
@FORCE
@JSON
def decide_command(
    store: str, wanted: tuple[str, ...], assumed: tuple[str, ...], memo: Path | None, force: bool, as_json: bool,
    **stated: Any
) -> None:
    """Answer the decision table from the evidence in the workspace, or in a published file."""
    from dataclasses import asdict
    from typing import get_args

    from promptceiling.decision import Verdict, decision_json, gather, model_ends, write_memo
    from promptceiling.runs import Workspace, price_table
    from promptceiling.runs.store import now

    check_free(memo, lambda start: start.startswith(b"# Decision: ") or b"<title>Decision: " in start, force)
    unknown = [verdict for verdict in wanted if verdict not in get_args(Verdict)]
    if unknown:
        raise InputError(f"{unknown[0]!r} is no verdict; expected one of: {'; '.join(get_args(Verdict))}.")
    assumptions = _assumptions(stated, assumed)
    with Workspace(store, read_only="://" not in store) as workspace:
        evidence = gather(workspace, threshold=assumptions.f1_ship)
    prices, ends = price_table(), model_ends(now()[:10], evidence.shutdown_dates)
    decision = decision_json(evidence, assumptions, prices, ends)
    if memo is not None:
        from promptceiling.panels import memo_pictures

        write_memo(memo, evidence, assumptions, prices, ends, pictures=memo_pictures)
        click.echo(f"{memo}: the decision record.", err=True)
    if as_json:
        print_json(decision | {"assumptions": asdict(assumptions)})
    else:
        _print(decision, evidence.rests_on)
    missed = bool(wanted) and decision["verdict"] not in wanted
    if missed:
        click.echo(f"promptceiling: the verdict is {decision['verdict']!r}, not {' or '.join(map(repr, wanted))}.",
                   err=True)
    sys.exit(1 if missed else 0)


def _assumptions(stated: dict[str, Any], assumed: tuple[str, ...]) -> Assumptions:
    """Assumptions from options, and from NAME=VALUE for the rest."""
    from promptceiling.decision import Assumptions, stated_inputs

    known = {i.name: i.default for i in stated_inputs()}
    for text in assumed:
        name, found, value = text.partition("=")
        if not found or name not in known:
            raise InputError(f"--assume {text}: expected NAME=VALUE with one of the names {', '.join(known)}.")
        try:
            stated[name] = type(known[name])(value)
        except ValueError:
            kind = "a whole number" if isinstance(known[name], int) else "a number"
            raise InputError(f"--assume {text}: {value!r} is not {kind}.") from None
    return Assumptions(**stated)


def _print(decision: dict[str, Any], rests_on: str) -> None:
    click.echo(f"{decision['sentence']}  [{decision['verdict']}; {decision['strength']} of 3 conditions carry a "
               f"fine-tune]\nWhy: {decision['because']}\nNext: {decision['next']}")
    if decision["conflict"]:
        click.echo(f"But: {decision['conflict']}")
    click.echo(f"How sure: {decision['plausible']['sentence']}\nRests on: {rests_on}\n")
    for row in decision["rows"]:
        click.echo(f"{row['status']:>12}  {row['condition']}. {row['reason']} {row['remedy']}".rstrip())
    click.echo("\nWhat would flip it, the nearest first:")
    for flip in decision["flips"][:5] or [{"sentence": "No input, moved alone within its range."}]:
        click.echo(f"  {flip['sentence']}")
    click.echo("\nBefore a fine-tune is considered:")
    for item in decision["checklist"]:
        click.echo(f"  [{'x' if item['done'] else ' '}] {item['name']}. {item['because']}")


@main.command("publish")
@click.argument("file", type=click.Path(path_type=Path))
@STORE
@click.option("--without-texts", is_flag=True, help="Leave the texts of cases out, and of answers all but labels and "
              "confidence; every number still follows from the file.")
def publish_command(file: Path, store: str, without_texts: bool) -> None:
    """Write everything that the decision rests on into one read-only FILE."""
    from promptceiling.decision import publish
    from promptceiling.runs import Workspace

    with Workspace(store, read_only="://" not in store) as workspace:
        published = publish(workspace, file, texts=not without_texts)
    click.echo(f"{file}: {published.evidence.name}, {len(published.evidence.prompts)} variants, "
               f"{published.evidence.labels:,} cases{', without their texts' if without_texts else ''}. Show it with "
               f"`promptceiling app {file}`.")


@main.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
def verify_command(file: Path) -> None:
    """Recompute every number in a published FILE from the answers in it; exit status 1 where one does not follow."""
    from promptceiling.decision import verify

    differences = verify(file)
    for line in differences:
        click.echo(line)
    if not differences:
        click.echo(f"{file}: every number follows from its answers.")
    sys.exit(1 if differences else 0)
