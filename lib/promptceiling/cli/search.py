"""`search`: the best prompt of a space, within a budget."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from promptceiling.cli.group import (
    CONCURRENCY,
    DATA,
    ENDPOINT,
    FORCE,
    JSON,
    MONEY,
    PARAMETERS,
    STORE,
    check_free,
    main,
    parameters_of,
    print_json,
)

if TYPE_CHECKING:
    from promptceiling.search import SearchProgress, SearchResult

_WRITTEN = "# The best of a search by promptceiling; "


@main.command("search")
@DATA
@click.option("--variants", "variants_file", type=click.Path(path_type=Path),
              help="A YAML list of what to race; else a grid of 0, 5 and 20 shots, stratified, similar and diverse.")
@ENDPOINT
@PARAMETERS
@CONCURRENCY
@click.option("--calls", "budget_calls", type=click.IntRange(1), help="Answers that the search may rest on, at most.")
@MONEY
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Of the order of cases.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the best as a variants file, for run --split test.")
@FORCE
@STORE
@JSON
def search_command(
    data: Path, variants_file: Path | None, model: str | None, base_url: str | None, api_key_env: str,
    parameters: tuple[str, ...], concurrency: int, budget_calls: int | None, budget_usd: float | None,
    price_in: float | None, price_out: float | None, seed: int, out: Path | None, force: bool, store: str,
    as_json: bool, **columns: str | None,
) -> None:
    """Race prompt variants on growing shares of the validation split, and say what to expect of the best.

    Those that can no longer win are dropped. Started again with the same words it goes on where it was, and asks for
    nothing twice. The test split stays sealed.
    """
    import yaml

    from promptceiling.labeled_set import read_labeled_set, split_labeled_set
    from promptceiling.prompts import read_variants, standard_variants
    from promptceiling.prompts.variants_file import variant_entry
    from promptceiling.runs import Endpoint, Workspace, stated_price
    from promptceiling.search import SearchSpace, search_prompts

    check_free(out, lambda start: start.startswith(_WRITTEN.encode()), force)
    labeled_set = split_labeled_set(read_labeled_set(data, **columns))
    space = (read_variants(variants_file, labeled_set) if variants_file
             else SearchSpace(standard_variants(labeled_set)[0]))
    endpoint = Endpoint.configured(model, base_url, api_key_env, parameters=parameters_of(parameters))
    told: set[int] = set()

    def progress(p: SearchProgress) -> None:
        if p.run is None and p.look not in told:
            told.add(p.look)
            leads = f", {p.leader} leads" if p.leader else ""
            click.echo(f"look {p.look} of {p.looks}: {p.alive} variants, {p.calls:,} calls so far{leads}", err=True)

    with Workspace(store) as workspace:
        found = asyncio.run(search_prompts(
            workspace, labeled_set, space, endpoint, budget_calls=budget_calls, budget_usd=budget_usd, seed=seed,
            concurrency=concurrency, price=stated_price(endpoint, price_in, price_out), on_progress=progress))
    if as_json:
        print_json(_plain(found))
    else:
        _print(found)
    if out and found.best:
        page = yaml.safe_dump([variant_entry(found.best, labeled_set)], sort_keys=False, allow_unicode=True, width=100)
        out.write_text(f"{_WRITTEN}read it with the same labeled set.\n{page}", encoding="utf-8")
        click.echo(f"{out}: {found.best.name}. Score it once on the sealed split: promptceiling run --split test "
                   f"--variants {out}", err=True)
    if found.problem:
        click.echo(f"promptceiling: {found.problem}", err=True)
    sys.exit(0 if found.state == "done" else 3)


def _plain(found: SearchResult) -> dict[str, object]:
    best, corrected = found.best, found.selection_corrected
    return {
        "state": found.state, "best": best.name if best else None, "sentence": found.sentence, "n": found.n,
        "selection_corrected": asdict(corrected) if corrected else None, "calls": found.calls,
        "calls_now": found.calls_now, "grid_calls": found.grid_calls, "cost_usd": found.cost_usd,
        "embedded": found.embedded, "looks": list(found.looks), "variants": [
            {"name": t.variant.name, "fate": t.fate, "look": t.look, "by": t.by, "f1_weighted": asdict(t.f1_weighted)}
            for t in found.tried]}


def _print(found: SearchResult) -> None:
    paid = ("no price is known" if found.cost_usd is None else
            f"paid ${found.cost_usd:,.4f}" if found.cost_usd else "nothing was paid")
    sent = f"{found.calls_now:,} of these were made now" if found.calls_now else "Nothing was sent now"
    click.echo(f"search, {found.state}: {found.sentence}\n{sent}, {paid}."
               + (" The scores are the embedded model's, not an LLM's." if found.embedded else ""))
    for t in found.tried:
        f1 = t.f1_weighted
        if f1.n:
            left = {"beaten": f"beaten by {t.by} at look {t.look}", "failed": "too many of its calls failed",
                    "budget": f"not followed after look {t.look}, the budget held no more"}.get(t.fate, t.fate)
            click.echo(f"  {t.variant.name}: weighted F1 {f1.value:.3f} [{f1.low:.3f}, {f1.high:.3f}], n = {f1.n}; "
                       f"{left}")
