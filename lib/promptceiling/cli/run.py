"""`run` and `import`: answers into the workspace."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from promptceiling.cli.group import (
    CONCURRENCY,
    DATA,
    DEADLINE,
    ENDPOINT,
    FORCE,
    JSON,
    MONEY,
    PARAMETERS,
    STORE,
    VARIANTS,
    check_free,
    main,
    parameters_of,
    print_json,
)
from promptceiling.cli.score import print_scores
from promptceiling.labeled_set import read_labeled_set, split_labeled_set


@main.command()
@DATA
@VARIANTS
@click.option("--split", type=click.Choice(["validation", "test", "all"]), default="validation", show_default=True)
@ENDPOINT
@PARAMETERS
@CONCURRENCY
@DEADLINE
@MONEY
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 100))
@click.option("--out", type=click.Path(path_type=Path), help="Write the predictions as CSV.")
@FORCE
@STORE
@JSON
def run(
    data: Path, variants_file: Path | None, split: str, model: str | None, base_url: str | None, api_key_env: str,
    parameters: tuple[str, ...], concurrency: int, deadline: float, budget_usd: float | None, price_in: float | None,
    price_out: float | None, repeats: int, out: Path | None, force: bool, store: str, as_json: bool,
    **columns: str | None,
) -> None:
    """Ask for every answer that the workspace does not have yet, and score."""
    from promptceiling.prompts import read_variants, standard_variants
    from promptceiling.runs import (
        Endpoint,
        Progress,
        Workspace,
        estimate_run,
        local_servers,
        run_variants,
        stated_price,
    )
    from promptceiling.runs.predictions_file import is_predictions, write_predictions

    check_free(out, is_predictions, force)
    labeled_set = split_labeled_set(read_labeled_set(data, **columns))
    variants = read_variants(variants_file, labeled_set) if variants_file else standard_variants(labeled_set)
    endpoint = Endpoint.configured(model, base_url, api_key_env, parameters=parameters_of(parameters))
    if endpoint == Endpoint():
        for server in local_servers():
            click.echo(f"promptceiling: The embedded model answers. {server}", err=True)
    price = stated_price(endpoint, price_in, price_out)

    def progress(p: Progress) -> None:
        if sys.stderr.isatty():
            cost = "" if p.cost_usd is None or endpoint.embedded else f", ${p.cost_usd:,.4f}"
            done = f"{p.done:,} of {p.total:,} answers, {p.failed} failed, {p.elapsed_s:.0f} s{cost} "
            click.echo(f"\r{done}", nl=False, err=True)

    with Workspace(store) as workspace:
        if budget_usd is not None or sys.stderr.isatty():
            click.echo(str(estimate_run(
                workspace, labeled_set, variants, endpoint, split=split, repeats=repeats, price=price)), err=True)
        summary = asyncio.run(run_variants(
            workspace, labeled_set, variants, endpoint, split=split, repeats=repeats, concurrency=concurrency,
            deadline_s=deadline, on_progress=progress, budget_usd=budget_usd, price=price))
        frame = _of_run(workspace, labeled_set, endpoint, variants, split, repeats)
        openings = len(workspace.openings(labeled_set.key)) if split != "validation" else 0
    if out:
        write_predictions(frame, out)
        click.echo(f"{out}: {len(frame):,} predictions.", err=True)
    if sys.stderr.isatty():
        click.echo("", err=True)
    from promptceiling.reports import score_rows

    scored = score_rows(frame, labeled_set.labels())
    if as_json:
        print_json({
            "run": summary.run_id, "model": endpoint.model, "split": split,
            "outcomes": {k: int(v) for k, v in frame["outcome"].value_counts().items()}, "sent": summary.sent,
            "from_store": summary.from_store, "cost_usd": summary.cost_usd, "elapsed_s": summary.elapsed_s,
            "variants": [
                {"name": r["variant"], **{k: r[k] for k in ("n", "scored", "f1_weighted", "f1_macro", "accuracy")}}
                for r in scored]})
    else:
        click.echo(f"run {summary.run_id}, {summary.state}: {summary}."
                   + (" The scores are the embedded model's, not an LLM's." if endpoint.embedded else ""))
        print_scores(scored if any(row["scored"] for row in scored) else [])
    for notice in summary.notices:
        click.echo(f"promptceiling: {notice}", err=True)
    if openings:
        click.echo(f"promptceiling: this run opened the sealed test split for {len(variants):,} variants; the ledger "
                   f"has {openings:,} openings now. Choose on validation, and open it for a finalist alone.", err=True)
    problem = summary.problem
    if problem is None and summary.failed:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in summary.failed.items())
        problem = (f"{sum(summary.failed.values()):,} of {summary.items:,} answers did not come ({kinds}). What came "
                   "is kept: run again to ask for the rest.")
    if problem:
        click.echo(f"promptceiling: {problem}", err=True)
    sys.exit(0 if summary.state == "done" else 3)


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="The labeled set; else the workspace's latest.")
@STORE
@JSON
def import_command(files: tuple[Path, ...], data: Path | None, store: str, as_json: bool) -> None:
    """Keep results of promptfoo, Inspect, DSPy, or plain CSV or JSONL predictions beside our own."""
    from promptceiling.runs import Workspace, import_results

    labeled_set = split_labeled_set(read_labeled_set(data)) if data else None
    with Workspace(store) as workspace:
        found = [import_results(workspace, file, labeled_set) for file in files]
    if as_json:
        print_json({"imported": [asdict(one) for one in found]})
        return
    for one in found:
        click.echo(f"{one.file} ({one.tool}): {one.kept:,} answers kept, {len(one.runs)} runs "
                   f"({', '.join(one.runs)}). Score them with `promptceiling decide`.")
        for notice in one.notices:
            click.echo(f"notice: {notice}")


def _of_run(workspace: Any, labeled_set: Any, endpoint: Any, variants: Any, split: str, repeats: int) -> Any:
    from promptceiling.runs import completions

    frame = completions(workspace, labeled_set)
    asked = {v.fingerprint for v in variants}
    names = {v.name for v in variants}
    own = (frame["fingerprint"].isin(asked) & frame["variant"].isin(names) & (frame["model"] == endpoint.model)
           & (frame["base_url"] == endpoint.base_url) & (frame["repeat"] < repeats))
    return frame[own if split == "all" else own & (frame["split"] == split)]

