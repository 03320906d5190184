"""The command that holds all others. Messages go to stderr; with --json, one JSON object goes to stdout.

Exit status: 0 done; 1 a gate said no (`decide --fail-unless`, `verify`, `export`); 2 wrong usage or unreadable input;
3 run incomplete; 130 interrupted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from promptceiling.errors import EndpointError, InputError, PromptCeilingError, meant

Command = Callable[..., Any]
STORE = click.option(
    "--store", default="workspace", show_default=True, help="Workspace: a folder, file or SQLAlchemy URL.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
VARIANTS = click.option("--variants", "variants_file", type=click.Path(path_type=Path),
                        help="A YAML list; else three standard ones.")


def _stacked(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


COLUMNS = _stacked(  # how a labeled set is read; a command takes them as **columns
    click.option("--input", "input_column", help="The column with the texts."),
    click.option("--label", "label_column", help="The column with the labels."),
    click.option("--sheet", help="The sheet of a spreadsheet with several."))
DATA = _stacked(
    click.option("--data", required=True, type=click.Path(path_type=Path), help="The labeled set."), COLUMNS)
ENDPOINT = _stacked(
    click.option("--model", help="The model at the endpoint; without one and without a URL, the embedded model."),
    click.option("--base-url", help="An OpenAI-compatible URL; else OPENAI_BASE_URL."),
    click.option("--api-key-env", default="OPENAI_API_KEY", show_default=True, help="The variable that holds the key."))
PARAMETERS = click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
                          help="A parameter of every call, such as temperature=0; may be given several times.")
CONCURRENCY = click.option("--concurrency", default=8, show_default=True, type=click.IntRange(1, 512),
                           help="Calls in flight, at most.")
DEADLINE = click.option("--deadline", default=120.0, show_default=True, type=click.FloatRange(0.1),
                        help="Seconds a call may take.")
MONEY = _stacked(
    click.option("--budget", "budget_usd", type=click.FloatRange(0),
                 help="USD that all calls of this workspace together may cost; status 3 before it might be passed."),
    click.option("--price-in", type=click.FloatRange(0),
                 help="USD per million input tokens, where data/prices.csv has none."),
    click.option("--price-out", type=click.FloatRange(0), help="USD per million output tokens."))


_SERVERS_OWN = ("top_k", "min_p", "repetition_penalty", "chat_template_kwargs")  # of vLLM, llama.cpp and others


def parameters_of(said: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    """Parameters from NAME=VALUE. A name that the chat completions protocol does not have is told, and sent."""
    from openai.types.chat.completion_create_params import CompletionCreateParamsBase

    from promptceiling.runs import parameter

    found = tuple(map(parameter, said))
    known = (*CompletionCreateParamsBase.__annotations__, *_SERVERS_OWN)
    for name, _ in found:
        if name not in known:
            click.echo(f"promptceiling: {name!r} is no parameter of chat completions.{meant(name, known)} It is sent "
                       "as it is, since some servers have their own; others ignore it or reject every call.", err=True)
    return found


FORCE = click.option("--force", is_flag=True, help="Replace what is there and was not written by this command.")


def check_free(path: Path | None, ours: Callable[[bytes], bool], force: bool) -> None:
    """Raise InputError where a file is there that is not our own earlier one, as its first bytes say."""
    if path is None or force or not path.is_file():
        return
    with path.open("rb") as file:
        start = file.read(1_000)
    if start and not ours(start):
        raise InputError(f"{path} is there already and is not of this command. Name another file, or replace it with "
                         "--force.", file=str(path))


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


def print_json(value: Any) -> None:
    click.echo(json.dumps(_plain(value), ensure_ascii=False))


def _plain(value: Any) -> Any:
    """JSON without NaN and infinities, which are null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
