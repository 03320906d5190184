"""`score` and `compare`: predictions files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from promptceiling.cli.group import JSON, main, print_json

_CALLED = {"failed": "without an answer"}  # a call failed, or was not made


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@JSON
def score(files: tuple[Path, ...], as_json: bool) -> None:
    """Score predictions files: every metric with its interval and n."""
    from promptceiling.reports import score_files

    scored, notices = score_files(files)
    _tell(notices)
    if as_json:
        print_json({"variants": scored})
    else:
        print_scores(scored)


@main.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", required=False, type=click.Path(path_type=Path))
@click.option("--variant", "variants", multiple=True,
              help="The variant on the side of A, and given again, the one of B; where a file holds several.")
@click.option("--margins", nargs=2, type=float, default=(0.05, 0.08), show_default=True, help="Too little, and enough.")
@JSON
def compare(
    a: Path, b: Path | None, variants: tuple[str, ...], margins: tuple[float, float], as_json: bool
) -> None:
    """Compare predictions B against A on the same cases; without B, two variants of A."""
    from promptceiling.reports import compare_files

    found, notices, (left, right) = compare_files(a, b, margins, variants)
    _tell(notices)
    if as_json:
        print_json(found)
        return
    delta = found["delta_f1_weighted"]
    click.echo(f"{right} against {left} on {found['n']} cases: weighted F1 {100 * delta['value']:+.1f} pp "
               f"[{100 * delta['low']:+.1f}, {100 * delta['high']:+.1f}], {found['verdict']}"
               + (f"; about {found['labels_needed']:,} more labels would decide it" if found["labels_needed"] else ""))
    if found["withheld"]:
        click.echo(f"no verdict: {found['withheld']}")
    mcnemar = found["mcnemar"]
    left, right = (Path(side).name if b and not variants else side for side in (left, right))
    click.echo(f"only {left} right: {mcnemar['b']}, only {right} right: {mcnemar['c']} "
               f"(McNemar p {mcnemar['p']:.3g}); in " + ", ".join(
                   f"{one['share']:.0%} of resamples the gain is at least {100 * one['margin']:g} pp"
                   for one in found["share_at_least"]))
    if found["only_in_a"] or found["only_in_b"]:
        click.echo(f"not compared: {found['only_in_a']} cases that only {left} holds, {found['only_in_b']} that only "
                   f"{right} holds")
    if found["left_out"]:
        wrong = found["delta_failed_wrong_interval"]
        click.echo(f"left out: {found['left_out']} cases that failed; counted as wrong they make it "
                   f"{100 * wrong['value']:+.1f} pp [{100 * wrong['low']:+.1f}, {100 * wrong['high']:+.1f}] on "
                   f"{wrong['n']} cases")
    if found["detectable_delta_accuracy"] is not None:
        click.echo(f"these cases show a difference of {100 * found['detectable_delta_accuracy']:.1f} pp in accuracy at "
                   "80% power")


def _tell(notices: list[str]) -> None:
    for notice in notices:
        click.echo(f"notice: {notice}", err=True)


def print_scores(scored: list[dict[str, Any]]) -> None:
    """A line a variant, with its remarks below it; those that all of several share come once, at the end."""
    shared = [r for r in scored[0]["remarks"] if all(r in row["remarks"] for row in scored)] if len(scored) > 1 else []
    for row in scored:
        f1, macro, accuracy = row["f1_weighted"], row["f1_macro_interval"], row["accuracy"]
        if not row["scored"]:
            click.echo(f"{row['variant']}: nothing to score, none of {row['n']} cases has an answer")
            continue
        constant, span = row["constant_answer"], row["constant_answer_interval"]
        click.echo(f"{row['variant']}: weighted F1 {f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}], macro F1 "
                   f"{macro['value']:.3f} [{macro['low']:.3f}, {macro['high']:.3f}], accuracy "
                   f"{accuracy['value']:.3f} [{accuracy['low']:.3f}, {accuracy['high']:.3f}], {row['scored']} scored "
                   f"of {row['n']}; always answering {constant['label']!r}: weighted F1 {span['value']:.3f} "
                   f"[{span['low']:.3f}, {span['high']:.3f}]")
        unlike = {outcome: count for outcome, count in row["outcomes"].items() if outcome != "answered"}
        if unlike:
            wrong = row["f1_weighted_failed_wrong_interval"]
            told = ", ".join(f"{count} {_CALLED.get(outcome, outcome)}" for outcome, count in unlike.items())
            click.echo(f"  {told}" + (
                f"; weighted F1 where no answer counts as wrong: {wrong['value']:.3f} [{wrong['low']:.3f}, "
                f"{wrong['high']:.3f}], n {wrong['n']}" if "failed" in unlike else ""))
        for remark in row["remarks"]:
            if remark not in shared:
                click.echo(f"  note: {remark}")
    for remark in shared:
        click.echo(f"note, of each: {remark}")
