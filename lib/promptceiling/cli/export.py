"""`export`: training files for a fine-tune, and the recipe for an open-weight one.

It is done again at every re-training, often on a machine without a notebook; so it has a command.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from promptceiling.cli.group import COLUMNS, FORCE, JSON, STORE, main, print_json
from promptceiling.errors import InputError


@main.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", type=click.Path(path_type=Path), help="The labeled set; else the workspace's latest.")
@COLUMNS
@click.option("--variants", "variants_file", type=click.Path(path_type=Path), help="A YAML list; with --data.")
@click.option("--variant", "name", help="Its name; else the best on validation, or with --data the first.")
@click.option("--recipe", "recipe_model", metavar="MODEL",
              help="Add a LoRA recipe for an open-weight model, such as meta-llama/Llama-3.1-8B-Instruct.")
@click.option("--model", help="The base model at a service that tunes: its limits, price and last day are checked.")
@click.option("--base-url", default="https://api.openai.com/v1", show_default=True, help="Of that service.")
@click.option("--epochs", default=3, show_default=True, type=click.IntRange(1, 100))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Of the recipe.")
@click.option("--with-shots", is_flag=True, help="Keep the examples in every prompt; a fine-tune does not need them.")
@click.option("--leave-out-leaks", is_flag=True, help="Leave train cases out that repeat a scored case; else refuse.")
@FORCE
@STORE
@JSON
def export_command(
    folder: Path, data: Path | None, variants_file: Path | None, name: str | None, recipe_model: str | None,
    model: str | None, base_url: str, epochs: int, seed: int, with_shots: bool, leave_out_leaks: bool, force: bool,
    store: str, as_json: bool, **columns: str | None,
) -> None:
    """Write train.jsonl and validation.jsonl into FOLDER, checked; never the sealed test split.

    Files that are there and say something else, perhaps what a fine-tune rests on, are replaced by --force alone. Exit
    status 1 where a check blocks: the files are there, and what must be mended first is said.
    """
    from promptceiling.labeled_set import read_labeled_set, split_labeled_set
    from promptceiling.prompts import PromptVariant, read_variants, standard_variants
    from promptceiling.runs import Endpoint, Workspace
    from promptceiling.tuning import export_training, write_recipe

    known: dict[str, PromptVariant]
    if data is not None:
        labeled_set = split_labeled_set(read_labeled_set(data, **columns))
        listed = read_variants(variants_file, labeled_set) if variants_file else standard_variants(labeled_set)
        known = {variant.name: variant for variant in listed}
        chosen = name or listed[0].name
    else:
        from promptceiling.decision import gather

        with Workspace(store, read_only="://" not in store) as workspace:
            labeled_set = workspace.load_set()
            evidence = gather(workspace, labeled_set.key)
            kept = workspace.variants()
        known = {prompt.name: kept[prompt.fingerprint, prompt.name] for prompt in evidence.prompts}
        if not known:
            raise InputError(f"{store} holds no scored prompt yet. Run `promptceiling run`, or name a file with "
                             "--data.")
        chosen = name or evidence.prompts[0].name
    if chosen not in known:
        raise InputError(f"There is no variant {chosen!r}; there is {', '.join(map(repr, known))}.", column="variant")
    files = export_training(
        labeled_set, known[chosen], folder, endpoint=Endpoint(base_url, model) if model else None, epochs=epochs,
        shots=with_shots, leaks="leave out" if leave_out_leaks else "refuse", overwrite=force)
    if recipe_model:
        write_recipe(files, labeled_set, model=recipe_model, seed=seed, epochs=epochs, overwrite=force)
    if as_json:
        print_json({
            "folder": str(folder), "variant": files.variant.name, "train": files.train, "validation": files.validation,
            "left_out": files.left_out, "tokens": asdict(files.tokens) | {"saved": files.tokens.saved},
            "epochs": files.epochs, "usd": files.usd, "recipe": recipe_model,
            "checks": [{"code": c.code, "severity": c.severity, "message": c.message, "remedy": c.remedy,
                        "rows": list(c.rows)} for c in files.checks]})
    else:
        click.echo(f"{known[chosen].name}: {files}")
        for check in files.checks:
            click.echo(f"{check.severity:>8}  {check.message} {check.remedy}".rstrip())
        if recipe_model:
            click.echo(f"The recipe for {recipe_model} is in {folder}; its README.md has the commands.")
    sys.exit(1 if files.blocked else 0)
