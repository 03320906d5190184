"""The headless door. Messages go to stderr; with --json, one JSON object goes to stdout.

Exit status: 0 done; 1 a gate said no; 2 wrong usage or unreadable input; 3 run incomplete; 130 interrupted.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from promptceiling.errors import EndpointError, InputError, PromptCeilingError
from promptceiling.labeled_set import (
    audit,
    compare_with_production,
    read_labeled_set,
    read_texts,
    split_labeled_set,
)
from promptceiling.labeled_set.report import check_report

STORE = click.option(
    "--store", default="workspace", show_default=True, help="Workspace: a folder, file or SQLAlchemy URL.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


class _Group(click.Group):
    """Turns the library's errors into one sentence and an exit status, never a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted; every answer that came is kept.", err=True)
            ctx.exit(130)
        except PromptCeilingError as error:
            if ctx.meta["json"] and isinstance(error, InputError):
                place = {"file": error.file, "row": error.row, "column": error.column}
                click.echo(json.dumps({"error": {"message": str(error), **place}}))
            click.echo(f"promptceiling: {error}", err=True)
            ctx.exit(3 if isinstance(error, EndpointError) else 2)


@click.group(cls=_Group)
@click.version_option(package_name="promptceiling")
def main() -> None:
    """Measure your prompt's ceiling before you pay for a fine-tune."""


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8866, show_default=True, type=click.IntRange(1, 65535))
def app(file: Path | None, host: str, port: int) -> None:
    """Serve the read-only walkthrough over a published FILE (without one, over the demonstration)."""
    from promptceiling.app import demonstration, serve_app

    def say(line: str) -> None:
        click.echo(line, err=True)

    sys.exit(serve_app(file or demonstration(Path("workspace"), say), host=host, port=port, say=say))


@main.command()
@click.option("--port", default=8888, show_default=True, type=click.IntRange(1, 65535))
def lab(port: int) -> None:
    """Open JupyterLab on the notebooks."""
    from promptceiling.app.launch import notebook

    folder = notebook("walkthrough.ipynb").parent
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", f"--notebook-dir={folder}",
               "--ServerApp.answer_yes=True", "--LabApp.news_url=None",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; the server listens on this machine and asks for its token
    os.execv(command[0], command)  # noqa: S606 - our own interpreter; Ctrl-C is then Jupyter's alone


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--input", "input_column", help="The column with the texts.")
@click.option("--label", "label_column", help="The column with the labels.")
@click.option("--sheet", help="The sheet of a spreadsheet with several.")
@click.option("--production", type=click.Path(path_type=Path),
              help="An unlabeled sample of production, to see whether the set is representative of it.")
@JSON
def check(
    file: Path, input_column: str | None, label_column: str | None, sheet: str | None, production: Path | None,
    as_json: bool,
) -> None:
    """Audit a labeled set: what was read, what is wrong with it, how it splits."""
    labeled_set = split_labeled_set(
        read_labeled_set(file, input_column=input_column, label_column=label_column, sheet=sheet))
    compared = compare_with_production(labeled_set, read_texts(production)) if production else None
    findings = audit(labeled_set)
    splits = {name: int(n) for name, n in labeled_set.cases["split"].value_counts().sort_index().items()}
    classes = {str(label): int(n) for label, n in labeled_set.cases["expected_category"].value_counts().items()}
    if as_json:
        told = {"production": asdict(compared)} if compared else {}
        _print_json({"file": str(file), "rows": len(labeled_set), "classes": classes,
                     "fields": list(labeled_set.fields), "notices": [asdict(n) for n in labeled_set.notices],
                     "findings": [asdict(f) for f in findings], "splits": splits, **told})
        return
    click.echo(f"{file}: {len(labeled_set):,} cases, fields {', '.join(labeled_set.fields)}; splits "
               + ", ".join(f"{name} {n}" for name, n in splits.items()))
    click.echo(check_report(labeled_set, classes, findings, compared))


@main.command()
@click.option("--data", required=True, type=click.Path(path_type=Path), help="The labeled set.")
@click.option("--variants", "variants_file", type=click.Path(path_type=Path),
              help="A YAML list; else three standard ones.")
@click.option("--split", type=click.Choice(["validation", "test", "all"]), default="validation", show_default=True)
@click.option("--model", help="The model's name at the endpoint; without one and without a URL, the embedded model.")
@click.option("--base-url", help="An OpenAI-compatible URL; else OPENAI_BASE_URL.")
@click.option("--api-key-env", default="OPENAI_API_KEY", show_default=True, help="The variable that holds the key.")
@click.option("--concurrency", default=8, show_default=True, type=click.IntRange(1, 512))
@click.option("--deadline", default=120.0, show_default=True, type=click.FloatRange(0.1),
              help="Seconds a call may take.")
@click.option("--budget", "budget_usd", type=click.FloatRange(0),
              help="USD that all runs of this workspace together may cost; status 3 once the next call might pass it.")
@click.option("--price-in", type=click.FloatRange(0),
              help="USD per million input tokens, where data/prices.csv has none.")
@click.option("--price-out", type=click.FloatRange(0), help="USD per million output tokens.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 100))
@click.option("--out", type=click.Path(path_type=Path), help="Write the predictions as CSV.")
@STORE
@JSON
def run(
    data: Path, variants_file: Path | None, split: str, model: str | None, base_url: str | None, api_key_env: str,
    concurrency: int, deadline: float, budget_usd: float | None, price_in: float | None, price_out: float | None,
    repeats: int, out: Path | None, store: str, as_json: bool,
) -> None:
    """Ask for every answer that the workspace does not have yet, and score."""
    from promptceiling.prompts import read_variants, standard_variants
    from promptceiling.runs import Endpoint, Progress, Workspace, estimate_run, run_variants, stated_price
    from promptceiling.runs.predictions_file import write_predictions

    labeled_set = split_labeled_set(read_labeled_set(data))
    variants = read_variants(variants_file, labeled_set) if variants_file else standard_variants(labeled_set)
    endpoint = Endpoint.configured(model, base_url, api_key_env)
    price = stated_price(endpoint, price_in, price_out)

    def progress(p: Progress) -> None:
        if sys.stderr.isatty():
            cost = "" if p.cost_usd is None or endpoint.embedded else f", ${p.cost_usd:,.4f}"
            done = f"{p.done:,} of {p.total:,} answers, {p.failed} failed, {p.elapsed_s:.0f} s{cost} "
            click.echo(f"\r{done}", nl=False, err=True)

    with Workspace(store) as workspace:
        if budget_usd is not None or (sys.stderr.isatty() and not endpoint.embedded):
            click.echo(str(estimate_run(
                workspace, labeled_set, variants, endpoint, split=split, repeats=repeats, price=price)), err=True)
        summary = asyncio.run(run_variants(
            workspace, labeled_set, variants, endpoint, split=split, repeats=repeats, concurrency=concurrency,
            deadline_s=deadline, on_progress=progress, budget_usd=budget_usd, price=price))
        frame = _of_run(workspace, labeled_set, endpoint, variants, split, repeats)
    if out:
        write_predictions(frame, out)
    if sys.stderr.isatty():
        click.echo("", err=True)
    from promptceiling.reports import score_rows

    scored = score_rows(frame, labeled_set.labels())
    if as_json:
        _print_json({
            "run": summary.run_id, "model": endpoint.model, "split": split,
            "outcomes": {k: int(v) for k, v in frame["outcome"].value_counts().items()}, "sent": summary.sent,
            "from_store": summary.from_store, "cost_usd": _cost(frame, endpoint, price), "elapsed_s": summary.elapsed_s,
            "variants": [
                {"name": r["variant"], **{k: r[k] for k in ("n", "scored", "f1_weighted", "f1_macro", "accuracy")}}
                for r in scored]})
    else:
        click.echo(f"run {summary.run_id}: {summary.items:,} answers, {summary.sent:,} asked now, "
                   f"{summary.from_store:,} from the store, {sum(summary.failed.values())} failed, {summary.state}"
                   + ("; the scores are the embedded model's, not an LLM's" if endpoint.embedded else ""))
        _print_scores(scored)
    for notice in summary.notices:
        click.echo(f"promptceiling: {notice}", err=True)
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
        _print_json({"imported": [asdict(one) for one in found]})
        return
    for one in found:
        click.echo(f"{one.file} ({one.tool}): {one.kept:,} answers kept, {len(one.runs)} runs "
                   f"({', '.join(one.runs)}). Score them with `promptceiling decide`.")
        for notice in one.notices:
            click.echo(f"notice: {notice}")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@JSON
def score(files: tuple[Path, ...], as_json: bool) -> None:
    """Score predictions files: every metric with its interval and n."""
    from promptceiling.reports import score_files

    scored = score_files(files)
    if as_json:
        _print_json({"variants": scored})
    else:
        _print_scores(scored)


@main.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--margins", nargs=2, type=float, default=(0.05, 0.08), show_default=True, help="Too little, and enough.")
@JSON
def compare(a: Path, b: Path, margins: tuple[float, float], as_json: bool) -> None:
    """Compare predictions B against A on the same cases."""
    from promptceiling.reports import compare_files

    found = compare_files(a, b, margins)
    if as_json:
        _print_json(found)
        return
    delta = found["delta_f1_weighted"]
    click.echo(f"{b} against {a} on {found['n']} cases: weighted F1 {100 * delta['value']:+.1f} pp "
               f"[{100 * delta['low']:+.1f}, {100 * delta['high']:+.1f}], {found['verdict']}"
               + (f"; about {found['labels_needed']:,} more labels would decide it" if found["labels_needed"] else ""))
    if found["withheld"]:
        click.echo(f"no verdict: {found['withheld']}")
    mcnemar = found["mcnemar"]
    click.echo(f"only {a.name} right: {mcnemar['b']}, only {b.name} right: {mcnemar['c']} "
               f"(McNemar p {mcnemar['p']:.3g})")


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
        _print_json(decision.as_json())
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


@main.command()
@click.option("--port", default=8867, show_default=True, type=click.IntRange(1, 65535))
@click.option("--folder", default="workspace/embedded", show_default=True, type=click.Path(path_type=Path))
def embedded(port: int, folder: Path) -> None:
    """Serve the embedded model as an OpenAI-compatible endpoint on this machine."""
    import uvicorn

    from promptceiling.app.launch import check_port
    from promptceiling.embedded import MODEL, create_app

    check_port("127.0.0.1", port)
    click.echo(f"{MODEL} is at http://127.0.0.1:{port}/v1 (Ctrl-C ends it)", err=True)
    server = uvicorn.Server(uvicorn.Config(create_app(folder), host="127.0.0.1", port=port, log_level="warning"))
    try:
        server.run()
    except KeyboardInterrupt:
        sys.exit(130)


def _of_run(workspace: Any, labeled_set: Any, endpoint: Any, variants: Any, split: str, repeats: int) -> Any:
    from promptceiling.runs import completions

    frame = completions(workspace, labeled_set)
    asked = {v.fingerprint for v in variants}
    names = {v.name for v in variants}
    own = (frame["fingerprint"].isin(asked) & frame["variant"].isin(names) & (frame["model"] == endpoint.model)
           & (frame["base_url"] == endpoint.base_url) & (frame["repeat"] < repeats))
    return frame[own if split == "all" else own & (frame["split"] == split)]


def _cost(frame: Any, endpoint: Any, price: Any) -> float | None:
    from promptceiling.runs import price_of

    price = price or price_of(endpoint)
    if price is None:
        return None
    known = frame.fillna({"input_tokens": 0, "cached_tokens": 0, "output_tokens": 0})
    return float(sum(map(price.cost_usd, known["input_tokens"], known["cached_tokens"], known["output_tokens"])))


def _print_scores(scored: list[dict[str, Any]]) -> None:
    for row in scored:
        f1, accuracy = row["f1_weighted"], row["accuracy"]
        click.echo(f"{row['variant']}: weighted F1 {f1['value']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}], macro F1 "
                   f"{row['f1_macro']:.3f}, accuracy {accuracy['value']:.3f} [{accuracy['low']:.3f}, "
                   f"{accuracy['high']:.3f}], {row['scored']} scored of {row['n']}; always "
                   f"{row['constant_answer']['label']!r}: {row['constant_answer']['f1_weighted']:.3f}")
        for remark in row["remarks"]:
            click.echo(f"  note: {remark}")


def _print_json(value: Any) -> None:
    click.echo(json.dumps(_plain(value), ensure_ascii=False))


def _plain(value: Any) -> Any:
    """JSON without NaN and infinities, which are null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value

