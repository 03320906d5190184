"""The LoRA recipe, really run: a tiny random model of each family is trained for a few steps on the CPU.

It needs torch, trl and peft, which have an environment of their own:

    python -m venv /tmp/train
    /tmp/train/bin/pip install "torch>=2.9" "trl>=1.16" "peft>=0.21"
    PROMPTCEILING_TRAIN_PYTHON=/tmp/train/bin/python .venv/bin/pytest -m train
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of
from promptceiling.tuning import export_training, write_recipe

pytestmark = pytest.mark.train
TINY = Path(__file__).with_name("tiny_model.py")
STEPS = 3


@pytest.fixture(scope="module")
def python():
    """The Python that has the train extra; skips with a sentence where there is none."""
    named = os.environ.get("PROMPTCEILING_TRAIN_PYTHON")
    if not named and importlib.util.find_spec("trl") is None:
        pytest.skip("torch, trl and peft are not installed here: name a Python that has them in "
                    "PROMPTCEILING_TRAIN_PYTHON, see the top of this file.")
    return Path(named or sys.executable)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recipe folder over ninety made-up cases, some with line breaks and letters of other scripts."""
    cases = made_cases(90)
    for k, case in enumerate(cases):
        case["input"] += ("\n", " ä\u2028ö", " שלום", ' "}')[k % 4]
    labeled_set = split_labeled_set(made_set(cases))
    files = export_training(labeled_set, PromptVariant("v", fields_of(labeled_set), shots=3),
                            tmp_path_factory.mktemp("recipe"))
    return write_recipe(files, labeled_set, epochs=1)


def run(python, folder, *arguments):
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run([str(a) for a in (python, *arguments)], cwd=folder, env=os.environ | quiet, text=True,
                          capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("architecture", ["llama", "mistral", "qwen3", "gpt_oss"])
def test_recipe_trains_an_adapter(python, folder, architecture):
    """`trl sft --config trl.yaml` ends with a LoRA adapter of the stated rank, whose weights have moved from zero."""
    model, adapter = folder / f"tiny-{architecture}", folder / f"adapter-{architecture}"
    run(python, folder, TINY, architecture, folder / "train.jsonl", model)
    run(python, folder, python.with_name("trl"), "sft", "--config", "trl.yaml", "--model_name_or_path", model,
        "--output_dir", adapter, "--use_cpu", "true", "--bf16", "false", "--dtype", "float32", "--max_steps", STEPS,
        "--eval_strategy", "no")

    written = json.loads((adapter / "adapter_config.json").read_text())
    assert (written["r"], written["lora_alpha"]) == (16, 32)
    moved = run(python, folder, "-c", (
        "import sys; from safetensors.torch import load_file\n"
        "w = load_file(sys.argv[1])\n"
        "print(sum('lora_B' in k and bool((v != 0).any()) for k, v in w.items()))"),
        adapter / "adapter_model.safetensors")
    assert int(moved) >= 8  # q, k, v and o of two layers at least


def test_loader_reads_the_lines_back_identically(python, folder):
    """What TRL's loader makes of both files is what was written, text by text."""
    read = run(python, folder, "-c", (
        "import json; from datasets import load_dataset\n"
        "chat = load_dataset('json', data_files={'train': 'train.jsonl', 'validation': 'validation.jsonl'})\n"
        "parted = load_dataset('trl_data')\n"
        "print(json.dumps([{s: d[s].to_list() for s in d} for d in (chat, parted)]))"))
    chat, parted = json.loads(read)
    for split in ("train", "validation"):
        lines = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text("ascii").splitlines()]
        assert chat[split] == lines
        assert [p["prompt"] + p["completion"] for p in parted[split]] == [line["messages"] for line in lines]


def test_loss_is_on_the_answer_alone(python, folder):
    """With the recipe's settings the trained tokens of an example are those of its answer, and none is cut off."""
    run(python, folder, TINY, "llama", folder / "train.jsonl", folder / "tiny-llama")
    told = run(python, folder, "-c", (
        "import json, yaml\n"
        "from datasets import load_dataset\n"
        "from transformers import AutoTokenizer\n"
        "from trl import SFTConfig, SFTTrainer\n"
        "c = yaml.safe_load(open('trl.yaml'))\n"
        "args = SFTConfig('out', use_cpu=True, bf16=False, max_length=c['max_length'], packing=c['packing'],\n"
        "                 completion_only_loss=c['completion_only_loss'], report_to='none')\n"
        "t = SFTTrainer('tiny-llama', args=args, train_dataset=load_dataset('trl_data', split='train'))\n"
        "b = t.data_collator([t.train_dataset[k] for k in range(8)])\n"
        "tok = t.processing_class\n"
        "print(json.dumps([tok.decode(r[r != -100]) for r in b['labels']]))"))
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text("ascii").splitlines()[:8]]
    trained = json.loads(told.splitlines()[-1])

    assert [t.replace("</s>", "").strip() for t in trained] == [line["messages"][-1]["content"] for line in lines]


def test_axolotl_takes_the_configuration(python, folder):
    """Axolotl's own schema reads axolotl.yaml and knows every key; skipped where Axolotl is not installed."""
    told = run(python, folder, "-c", (
        "import importlib.util, json, yaml\n"
        "if importlib.util.find_spec('axolotl') is None: print('none')\n"
        "else:\n"
        "    from axolotl.utils.schemas.config import AxolotlInputConfig as C\n"
        "    c = yaml.safe_load(open('axolotl.yaml'))\n"
        "    m = C(**c)\n"
        "    print(json.dumps([m.adapter, m.lora_r, m.datasets[0].type, sorted(set(c) - set(C.model_fields))]))"))
    if told.strip() == "none":
        pytest.skip("Axolotl is not installed beside trl: pip install --no-deps axolotl==0.19.0 pillow.")
    assert json.loads(told.splitlines()[-1]) == ["lora", 16, "chat_template", []]
