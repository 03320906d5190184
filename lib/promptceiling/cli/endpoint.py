"""`probe` and `latency`: what an endpoint honours, and how long it takes when nothing else is asked of it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict
from pathlib import Path

import click

from promptceiling.cli.group import (
    DATA,
    DEADLINE,
    ENDPOINT,
    JSON,
    MONEY,
    PARAMETERS,
    STORE,
    VARIANTS,
    main,
    parameters_of,
    print_json,
)
from promptceiling.errors import InputError


@main.command()
@ENDPOINT
@STORE
@JSON
def probe(model: str | None, base_url: str | None, api_key_env: str, store: str, as_json: bool) -> None:
    """Say which of nine features an endpoint honours or ignores, by 16 small calls, and when its models end.

    With a URL and no model, its models are listed; with neither, local servers at their usual ports.
    """
    import os

    from promptceiling.runs import Endpoint, Workspace, list_models, local_servers, probe_endpoint

    url = base_url or os.environ.get("OPENAI_BASE_URL")
    if not model and not url:
        servers = local_servers()
        if as_json:
            print_json({"local_servers": [asdict(server) for server in servers]})
            return
        for server in servers:
            click.echo(str(server))
        if not servers:
            click.echo("No local server answers at 127.0.0.1 on the usual ports of Ollama, vLLM and llama.cpp. Name an "
                       "endpoint with --base-url and --model.")
        return
    if not model:
        endpoint = Endpoint((url or "").rstrip("/"), "", api_key_env)
        with Workspace(store) as workspace:
            models = asyncio.run(list_models(workspace, endpoint))
        if as_json:
            print_json({"base_url": endpoint.base_url, "models": models})
            return
        click.echo("\n".join(f"{name}{f'  ends on {day}' if day else ''}" for name, day in models.items())
                   or f"{endpoint.base_url} lists no models. Name one with --model.")
        return
    endpoint = Endpoint.configured(model, url, api_key_env)
    with Workspace(store) as workspace:
        found = asyncio.run(probe_endpoint(workspace, endpoint))
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.model} at {found.base_url}")
    for finding in found.findings:
        click.echo(f"{finding.verdict:>9}  {finding.feature}: {finding.seen}")
    click.echo(f"The model ends on {found.shutdown_date}." if found.shutdown_date
               else "The endpoint names no day on which the model ends.")


@main.command()
@DATA
@VARIANTS
@click.option("--variant", "names", multiple=True, help="Only this one of them; may be given several times.")
@click.option("--calls", default=100, show_default=True, type=click.IntRange(1, 10_000), help="Measured, a variant.")
@ENDPOINT
@PARAMETERS
@DEADLINE
@MONEY
@STORE
@JSON
def latency(
    data: Path, variants_file: Path | None, names: tuple[str, ...], calls: int, model: str | None,
    base_url: str | None, api_key_env: str, parameters: tuple[str, ...], deadline: float, budget_usd: float | None,
    price_in: float | None, price_out: float | None, store: str, as_json: bool, **columns: str | None,
) -> None:
    """Measure latency apart from throughput: one call at a time, no retries, after a warm-up."""
    from promptceiling.labeled_set import read_labeled_set, split_labeled_set
    from promptceiling.prompts import read_variants, standard_variants
    from promptceiling.runs import Endpoint, Workspace, measure_latency, stated_price
    from promptceiling.scores import calls_for_ends, percentile_interval

    labeled_set = split_labeled_set(read_labeled_set(data, **columns))
    variants = read_variants(variants_file, labeled_set) if variants_file else standard_variants(labeled_set)
    if unknown := [name for name in names if name not in {v.name for v in variants}]:
        raise InputError(f"There is no variant {unknown[0]!r}; there are {', '.join(repr(v.name) for v in variants)}.")
    endpoint = Endpoint.configured(model, base_url, api_key_env, parameters=parameters_of(parameters))
    price = stated_price(endpoint, price_in, price_out)
    measured = {}
    with Workspace(store) as workspace:
        for variant in variants:
            if not names or variant.name in names:
                seconds = asyncio.run(measure_latency(
                    workspace, labeled_set, variant, endpoint, calls=calls, deadline_s=deadline, budget_usd=budget_usd,
                    price=price))
                measured[variant.name] = {q: percentile_interval(seconds, q / 100) for q in (50, 95, 99)}
    if as_json:
        print_json({"model": endpoint.model, "base_url": endpoint.base_url, "variants": [
            {"name": name, "n": calls, **{
                f"p{q}_ms": {"value": 1000 * x.value, "low": 1000 * x.low or None, "high": 1000 * x.high}
                for q, x in found.items()}} for name, found in measured.items()]})
        return
    for name, found in measured.items():
        told = ", ".join(
            f"p{q} {1000 * x.value:,.0f} ms ["
            + (f"{1000 * x.low:,.0f}, " if x.low else f"no lower end below {calls_for_ends(q / 100)[0]} calls, ")
            + (f"{1000 * x.high:,.0f}]" if math.isfinite(x.high) else
               f"no upper end below {calls_for_ends(q / 100)[1]} calls]")
            for q, x in found.items())
        click.echo(f"{name}: {told}, n = {calls}, one call at a time")
