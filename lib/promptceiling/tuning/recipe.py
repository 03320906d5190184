"""A folder for a LoRA run of an open-weight model: data, TRL and Axolotl configuration, and how to serve the result."""

from __future__ import annotations

import csv
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import LabeledSet, data_file
from promptceiling.prompts.variants_file import variant_entry
from promptceiling.runs.read_only import WHY, only_shows
from promptceiling.tuning.export import Line, check_same
from promptceiling.tuning.training_files import EPOCHS, TrainingFiles

DEFAULT_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
_RANK, _BATCH, _STEPS_TOGETHER = 16, 4, 4
_MODEL_ID = re.compile(r"[A-Za-z0-9][\w.\-]*(/[\w.\-]+)?|[./][\w./\-]*")
_MARKUP = re.compile(r"[\\`*_\[\]<>|#~]")  # what Markdown would not show as it is
_MARGIN = 1.5  # tokens are counted roughly; a sequence that is cut loses its answer


@dataclass(frozen=True, slots=True)
class OpenModel:
    """An open-weight model with what its recipe needs, as its card said on `as_of`; empty fields where nothing."""

    model: str
    licence: str = ""
    note: str = ""
    serve_options: str = ""
    as_of: str = ""
    source: str = ""


def open_models() -> dict[str, OpenModel]:
    """The models that data/open_models.csv knows, by id."""
    with data_file("open_models.csv").open(encoding="utf-8", newline="") as file:
        return {row["model"]: OpenModel(**row) for row in csv.DictReader(file)}


def write_recipe(
    files: TrainingFiles, labeled_set: LabeledSet, *, model: str = DEFAULT_MODEL, name: str = "", seed: int = 0,
    epochs: int = EPOCHS, overwrite: bool = True,
) -> Path:
    """Write a LoRA recipe beside training files that `export_training` wrote; the folder.

    It holds `trl.yaml` with `trl_data/` (prompt and completion, so that the loss is on the answer alone, whatever the
    model's chat template), `axolotl.yaml`, `serve.sh`, `variants.yaml` (the variant to ask the fine-tune with) and a
    README with the commands. `model` is a model id or a folder; `name` what the served fine-tune is called. Raises
    InputError for a model id that is none, and without `overwrite` for a page that is there and says something else;
    TuningError where the folder cannot be written. A process that only shows gives the folder of the recipe that is
    there.
    """
    if not _MODEL_ID.fullmatch(model):
        raise InputError(f"{model!r} is no model id; expected one such as {DEFAULT_MODEL!r}, or a folder.",
                         column="model")
    name = name or f"{re.sub(r'[^a-z0-9]+', '-', labeled_set.name.lower()).strip('-') or 'tuned'}-seed-{seed}"
    if only_shows():
        if (files.train_path.parent / "README.md").exists():
            return files.train_path.parent
        raise TuningError(f"There is no recipe in {files.train_path.parent} yet. {WHY}")
    about, folder = open_models().get(model, OpenModel(model)), files.train_path.parent
    longest = _power_of_two(files.tokens.longest * _MARGIN)
    with_validation = files.validation_path is not None
    shared = {"seed": seed, "num_epochs": epochs}
    pages = {
        "trl.yaml": _yaml("Run in this folder: trl sft --config trl.yaml", trl_configuration(
            model, longest=longest, validation=with_validation, **shared)),
        "axolotl.yaml": _yaml("Run in this folder: axolotl train axolotl.yaml", axolotl_configuration(
            model, longest=longest, validation=with_validation, **shared)),
        "variants.yaml": _yaml(
            "Ask the fine-tune with this variant, and no other.", [variant_entry(files.variant, labeled_set)]),
        "serve.sh": _serve(about, name),
        "README.md": _readme(files, about, name, labeled_set.name),
    }
    if not overwrite:
        check_same({folder / page: text for page, text in pages.items()})
    try:
        (folder / "trl_data").mkdir(parents=True, exist_ok=True)
        for path in (files.train_path, files.validation_path):
            if path is not None:
                lines = [json.loads(text) for text in path.read_text(encoding="ascii").splitlines()]
                (folder / "trl_data" / path.name).write_text(
                    "".join(json.dumps(_parted(line)) + "\n" for line in lines), encoding="ascii")
        for page, text in pages.items():
            (folder / page).write_text(text, encoding="utf-8")
        (folder / "serve.sh").chmod(0o755)
    except OSError as error:
        raise TuningError(f"The recipe cannot be written to {folder}: {error.strerror}. Name another folder.") from None
    return folder


def trl_configuration(
    model: str, *, longest: int, validation: bool, seed: int = 0, num_epochs: int = EPOCHS
) -> dict[str, Any]:
    """What `trl sft --config` reads: supervised LoRA over the folder trl_data, every linear layer adapted."""
    return {
        "model_name_or_path": model, "dtype": "bfloat16", "dataset_name": "trl_data", "dataset_train_split": "train",
        **({"dataset_test_split": "validation", "eval_strategy": "epoch"} if validation else {}),
        "output_dir": "adapter", "seed": seed, "num_train_epochs": num_epochs, "learning_rate": 2.0e-4,
        "lr_scheduler_type": "cosine", "warmup_steps": 0.03, "per_device_train_batch_size": _BATCH,
        "gradient_accumulation_steps": _STEPS_TOGETHER, "gradient_checkpointing": True, "bf16": True,
        "max_length": longest, "packing": False, "completion_only_loss": True, "use_peft": True, "lora_r": _RANK,
        "lora_alpha": 2 * _RANK, "lora_dropout": 0.05, "lora_target_modules": ["all-linear"], "logging_steps": 5,
        "save_strategy": "epoch", "save_total_limit": 1, "report_to": "none",
    }


def axolotl_configuration(
    model: str, *, longest: int, validation: bool, seed: int = 0, num_epochs: int = EPOCHS
) -> dict[str, Any]:
    """What `axolotl train` reads: the same run over the chat files."""
    def data(path: str) -> dict[str, Any]:
        return {"path": path, "ds_type": "json", "type": "chat_template", "field_messages": "messages",
                "message_property_mappings": {"role": "role", "content": "content"},
                "roles_to_train": ["assistant"], "train_on_eos": "turn"}

    mxfp4 = {"model_quantization_config": "Mxfp4Config", "model_quantization_config_kwargs": {"dequantize": True}}
    return {
        "base_model": model, **(mxfp4 if model.startswith("openai/gpt-oss") else {}), "adapter": "lora",
        "lora_r": _RANK, "lora_alpha": 2 * _RANK, "lora_dropout": 0.05, "lora_target_linear": True,
        "chat_template": "tokenizer_default", "datasets": [data("train.jsonl")],
        **({"test_datasets": [data("validation.jsonl") | {"split": "train"}], "eval_strategy": "epoch"}
           if validation else {"val_set_size": 0.0}),
        "output_dir": "adapter", "sequence_len": longest, "sample_packing": False, "seed": seed,
        "num_epochs": num_epochs, "micro_batch_size": _BATCH, "gradient_accumulation_steps": _STEPS_TOGETHER,
        "learning_rate": 2.0e-4, "lr_scheduler": "cosine", "warmup_ratio": 0.03, "optimizer": "adamw_torch",
        "bf16": True, "gradient_checkpointing": True, "logging_steps": 5, "save_strategy": "epoch",
        "save_total_limit": 1,
    }


def _parted(line: Line) -> Line:
    return {"prompt": line["messages"][:-1], "completion": line["messages"][-1:]}


def _power_of_two(tokens: float) -> int:
    size = 256
    while size < tokens:
        size *= 2
    return size


def _yaml(comment: str, value: Any) -> str:
    return f"# {comment}\n" + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def _serve(about: OpenModel, name: str) -> str:
    options = f" {about.serve_options}" if about.serve_options else ""
    return ("#!/usr/bin/env bash\n# Serves the fine-tune on this machine alone, as an OpenAI-compatible endpoint.\n"
            f"set -euo pipefail\ncd \"$(dirname \"$0\")\"\nexec vllm serve {shlex.quote(about.model)} --host 127.0.0.1 "
            f"--port 8000 \\\n  --enable-lora --max-lora-rank {_RANK} --lora-modules {shlex.quote(name)}=adapter"
            f"{options}\n")


def _shown(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def _readme(files: TrainingFiles, about: OpenModel, name: str, of: str) -> str:
    known = f"Licence of the base model: {about.licence} ({about.source}, {about.as_of}). " if about.licence else (
        "Read the licence of the base model before training. ")
    checks = "\n".join(f"- {check.severity}: {_shown(check.message)}" for check in files.checks)
    return f"""# {name}: {about.model} tuned on {_shown(of)}

{files.train:,} training and {files.validation:,} validation examples, checked:

{checks}

{known}{about.note}

An 8-billion-parameter model needs a GPU with about 24 GB for this run; on a smaller one lower the batch size in the
configuration and raise the accumulated steps by the same factor.

1. Train, with one of the two:

       pip install "trl>=1.16" "peft>=0.21"       # then, in this folder:
       trl sft --config trl.yaml

       axolotl train axolotl.yaml                 # in an environment made for Axolotl

   Another training seed, to see how much it moves: add `--seed 1 --output_dir adapter-1`.
2. Serve: `bash serve.sh` (needs vLLM). The fine-tune is then the model `{name}` at http://127.0.0.1:8000/v1.
3. Measure it where the labeled set is, on the same sealed test cases as the prompt:

       from promptceiling.labeled_set import read_labeled_set, split_labeled_set
       from promptceiling.prompts import read_variants
       from promptceiling.runs import Endpoint, Workspace, run_variants
       from promptceiling.tuning import register_fine_tune

       workspace, tuned = Workspace(), Endpoint("http://127.0.0.1:8000/v1", {name!r})
       labeled_set = split_labeled_set(read_labeled_set("..."))     # the same file as before
       (asked,) = read_variants("variants.yaml", labeled_set)
       register_fine_tune(workspace, labeled_set, asked, tuned, base_model={about.model!r})
       await run_variants(workspace, labeled_set, [asked], tuned, split="test")

`train.jsonl` and `validation.jsonl` hold the texts of the labeled set. The test split is not in this folder.
"""
