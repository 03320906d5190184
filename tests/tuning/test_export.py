import dataclasses
import json
from datetime import date

import pytest
import yaml
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError, TuningError
from promptceiling.labeled_set import near_duplicate_pairs, split_labeled_set
from promptceiling.prompts import PromptVariant, fields_of, read_variants, render
from promptceiling.runs import Endpoint
from promptceiling.tuning import (
    export_training,
    open_models,
    training_lines,
    training_variant,
    write_recipe,
    write_training_file,
)
from promptceiling.tuning import services as services_module
from promptceiling.tuning.export import lines_of
from promptceiling.tuning.leaks import find_leaks
from promptceiling.tuning.services import service_of, services


def labeled(cases=None):
    return split_labeled_set(made_set(made_cases(90) if cases is None else cases))


def variant_of(labeled_set, **options):
    return PromptVariant("v", fields_of(labeled_set), instructions="Say what it is about.", **options)


def repeated():
    """Ninety cases, of which every third is followed by one with nearly its text."""
    cases = made_cases(90)
    for k in range(0, 90, 3):
        cases[k + 1] |= {"input": cases[k]["input"].upper(), "expected_category": cases[k]["expected_category"]}
    return cases


@pytest.mark.parametrize("options", [{}, {"shots": 5}, {"shots": 5, "placement": "system"}, {"output": "label"}])
def test_a_line_is_the_question_without_shots_and_the_expected_answer(options):
    """Each train case gives system, user, assistant: the variant's own question, no example, the label as answer."""
    labeled_set = labeled()
    variant = variant_of(labeled_set, **options)
    train = labeled_set.split("train")

    lines = training_lines(labeled_set, variant)

    assert len(lines) == len(train)
    for line, text, expected in zip(lines, train["input"], train["expected_category"], strict=True):
        system, user, assistant = line["messages"]
        assert (system, user) == render(training_variant(variant, labeled_set), text).messages
        assert "confidence" not in system["content"]
        assert user == {"role": "user", "content": text}
        answer = expected if variant.output == "label" else {"category": expected}
        assert assistant["role"] == "assistant"
        assert (assistant["content"] if variant.output == "label" else json.loads(assistant["content"])) == answer


def test_no_scored_case_and_no_near_duplicate_of_one_is_trained_on():
    """Of thirty pairs of near-duplicates in a set, none has one half in the training lines and the other outside."""
    labeled_set = labeled(repeated())
    trained = [line["messages"][1]["content"] for line in training_lines(labeled_set, variant_of(labeled_set))]
    scored = labeled_set.cases.loc[labeled_set.cases["split"] != "train", "input"].tolist()

    across = [(i, j) for i, j, _ in near_duplicate_pairs(trained + scored) if i < len(trained) <= j]

    assert len(near_duplicate_pairs(trained)) > 5
    assert across == []


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_train_case_that_repeats_a_scored_one_is_refused(split):
    """A file's own split column that leaks one near-duplicate stops the export, with its count and row."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3]} for k, case in enumerate(made_cases(90))]
    leaked = next(case for case in cases if case["split"] == split)
    cases[6] |= {"input": leaked["input"] + "!"}
    labeled_set = labeled(cases)

    with pytest.raises(TuningError, match=r"^1 train cases nearly repeat .* \(first: row 7\)\. Move them"):
        training_lines(labeled_set, variant_of(labeled_set))


def test_the_file_reads_back_as_the_lines(tmp_path):
    """What is on disk is ASCII, one line an example, and equal to `training_lines`, whatever the texts hold."""
    cases = made_cases(90)
    for k, case in enumerate(cases):
        case["input"] += ("\n", "\u2028", "ü", "\x85", '"}')[k % 5]
    labeled_set = labeled(cases)
    path = tmp_path / "new folder" / "train.jsonl"

    count = write_training_file(labeled_set, variant_of(labeled_set), path)

    lines = path.read_bytes().decode("ascii").splitlines()
    assert count == len(lines) == len(labeled_set.split("train"))
    assert [json.loads(line) for line in lines] == training_lines(labeled_set, variant_of(labeled_set))


def test_every_field_of_the_answer_is_trained_on():
    """A second labeled field stands in the training answer; where a case has no label for it, it is left out."""
    cases = [case | {"expected_priority": ("high", "low", "")[k % 3]} for k, case in enumerate(made_cases(90))]
    labeled_set = labeled(cases)

    answers = [json.loads(line["messages"][2]["content"]) for line in
               training_lines(labeled_set, variant_of(labeled_set))]

    train = labeled_set.split("train")
    assert [a.get("priority", "") for a in answers] == train["expected_priority"].tolist()
    assert {tuple(a) for a in answers} == {("category", "priority"), ("category",)}


# --- the leak guard


LEAKS = {"exact": lambda text: text, "normalised": lambda text: text.upper() + "?!",
         "near": lambda text: text.replace(text.split()[3], text.split()[3][:-1] + "x")}


@pytest.mark.parametrize("how", LEAKS)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_planted_leak_is_caught_and_named(how, split):
    """A scored text in train, equal, equal to a reader or with one letter changed, is found in its strictest sense."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3]} for k, case in enumerate(made_cases(90))]
    source = next(case for case in cases if case["split"] == split)
    cases[6] |= {"input": LEAKS[how](source["input"])}
    labeled_set = labeled(cases)

    with pytest.raises(TuningError, match=r"first: row 7") as caught:
        training_lines(labeled_set, variant_of(labeled_set))

    assert {"exact": "1 exactly", "normalised": "1 after case", "near": "1 nearly"}[how] in str(caught.value)


def test_leaks_can_be_left_out_and_are_told(tmp_path):
    """With "leave out" the leaking case is not trained on, and a finding names its row."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3]} for k, case in enumerate(made_cases(90))]
    cases[6] |= {"input": cases[2]["input"]}
    labeled_set = labeled(cases)

    files = export_training(labeled_set, variant_of(labeled_set), tmp_path, leaks="leave out")

    assert (files.train, files.left_out) == (29, 1)
    (check,) = [c for c in files.checks if c.code == "leaks"]
    assert check.rows == (7,)
    assert "1 exactly" in check.message
    assert cases[6]["input"] not in files.train_path.read_text("ascii")


def test_validation_file_is_held_against_the_sealed_test(tmp_path):
    """A validation case that repeats a test case is a finding with its row."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3]} for k, case in enumerate(made_cases(90))]
    cases[7] |= {"input": cases[2]["input"] + "!"}
    labeled_set = labeled(cases)

    files = export_training(labeled_set, variant_of(labeled_set), tmp_path)

    (check,) = [c for c in files.checks if c.code == "validation_leaks"]
    assert (check.severity, check.rows) == ("weakens", (8,))


def test_instructions_that_quote_a_scored_case_block(tmp_path):
    """A test text in the prompt itself leaks, whatever the train split holds."""
    labeled_set = labeled()
    quoted = labeled_set.split("test")["input"].iloc[0]
    variant = dataclasses.replace(variant_of(labeled_set), instructions=f"Sort. For example: {quoted.upper()}")

    files = export_training(labeled_set, variant, tmp_path)

    assert [c.code for c in files.blocked] == ["prompt_quotes"]


def test_unlike_texts_are_no_leak():
    """Nothing is found between texts that share no phrase."""
    assert find_leaks(["the invoice is wrong"], ["I cannot sign in", ""]) == ()


# --- the two files


def test_both_files_read_back_and_what_shots_would_cost_is_told(tmp_path):
    """Train and validation lines are in their files, none of test; a request with its shots is longer by them."""
    labeled_set = labeled()
    variant = variant_of(labeled_set, shots=6)

    files = export_training(labeled_set, variant, tmp_path)

    for split, path in (("train", files.train_path), ("validation", files.validation_path)):
        lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        assert lines == lines_of(labeled_set, variant, labeled_set.split(split))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["train.jsonl", "validation.jsonl"]
    assert files.tokens.prompt_with_shots > 2 * files.tokens.prompt
    assert 0.5 < files.tokens.saved < 1
    assert f"{files.tokens.saved:.0%} saved" in str(files)
    assert files.variant == training_variant(variant, labeled_set)
    assert not files.blocked


def test_shots_stay_where_they_are_asked_for(tmp_path):
    """With `shots` every line has the variant's examples as earlier turns, none of them from a scored split."""
    labeled_set = labeled()

    files = export_training(labeled_set, variant_of(labeled_set, shots=3), tmp_path, shots=True)

    scored = set(labeled_set.cases.loc[labeled_set.cases["split"] != "train", "input"])
    for line in files.train_path.read_text("ascii").splitlines():
        messages = json.loads(line)["messages"]
        assert [m["role"] for m in messages] == ["system", *["user", "assistant"] * 4]
        assert not scored & {m["content"] for m in messages}
    assert files.tokens.saved == 0


def test_variant_of_the_decisions_api_is_trained_as_a_chat():
    """No fine-tune answers the Decisions API, so its variant is exported as JSON by schema."""
    labeled_set = labeled()

    decisions = variant_of(labeled_set, output="decisions", system_template="{{examples}}", shots=2, placement="system")
    trained = training_variant(decisions, labeled_set)

    assert (trained.output, trained.confidence, trained.shots) == ("json_schema", False, 0)
    assert training_variant(trained, labeled_set) is trained


def test_templates_descriptions_and_fields_survive_the_recipe(tmp_path):
    """A variant with templates, values, descriptions and a field left out reads back from variants.yaml unchanged; a
    field that the set has no labels for is not trained on."""
    labeled_set = labeled([c | {"expected_priority": ("high", "low")[k % 2]} for k, c in enumerate(made_cases(90))])
    main, priority = fields_of(labeled_set)
    main = dataclasses.replace(main, about="the team", descriptions=(("billing", "money: 50% {{off}}"),))
    variant = PromptVariant(
        "templated", (main, dataclasses.replace(priority, name="mood", labels=("calm", "angry"))), shots=2,
        system_template="For {{company}}. {{instructions}}\n{{answer}}", case_template="Ticket: {{case}}",
        values=(("company", "Harbour Ltd"),))

    files = export_training(labeled_set, variant, tmp_path)
    (asked,) = read_variants(write_recipe(files, labeled_set) / "variants.yaml", labeled_set)

    assert [f.name for f in files.variant.fields] == ["category"]
    assert asked.fingerprint == files.variant.fingerprint
    first = json.loads(files.train_path.read_text("ascii").splitlines()[0])["messages"]
    assert first[0]["content"].startswith("For Harbour Ltd. ")
    assert first[1]["content"].startswith("Ticket: ")


def test_missing_and_rare_labels_and_conflicts_are_found(tmp_path):
    """A label without a train case and a text with two labels are told."""
    cases = [case | {"split": ("train", "validation", "test")[k % 3 if case["expected_category"] != "export" else 1]}
             for k, case in enumerate(made_cases(90, seed=3))]
    trained = [case for case in cases if case["split"] == "train"]
    trained[0] |= {"input": "one and the same text", "expected_category": "billing"}
    trained[1] |= {"input": "One and the same text!", "expected_category": "access"}
    labeled_set = labeled(cases)

    files = export_training(labeled_set, variant_of(labeled_set), tmp_path)

    (balance,) = [c for c in files.checks if c.code == "balance"]
    assert (balance.severity, "Missing: 'export'" in balance.message) == ("weakens", True)
    assert any(c.code == "conflicting" and len(c.rows) == 2 for c in files.checks)


def test_empty_train_split_is_refused(tmp_path):
    """A set without train cases is told in one sentence."""
    cases = [case | {"split": ("validation", "test")[k % 2]} for k, case in enumerate(made_cases(30))]
    labeled_set = labeled(cases)

    with pytest.raises(InputError, match="'train' of made has no cases"):
        export_training(labeled_set, variant_of(labeled_set), tmp_path)


def test_folder_that_cannot_be_written_is_told(tmp_path):
    """A file in the place of the folder is named."""
    labeled_set = labeled()
    (tmp_path / "taken").write_text("")

    with pytest.raises(TuningError, match="cannot be written"):
        export_training(labeled_set, variant_of(labeled_set), tmp_path / "taken" / "deeper")


# --- what services say


OPENAI = Endpoint("https://api.openai.com/v1", "gpt-4o-mini-2024-07-18")


@pytest.mark.parametrize(("today", "severity", "said"), [
    (date(2026, 11, 27), "weakens", "takes fine-tuning jobs until 2027-01-06"),
    (date(2027, 1, 6), "weakens", "takes fine-tuning jobs until 2027-01-06"),
    (date(2027, 1, 7), "blocks", "took its last fine-tuning job on 2027-01-06"),
])
def test_closing_service_is_told_with_its_date_and_source(tmp_path, today, severity, said):
    """Before its last day it is a warning, after it a block; both name the day, when it was read, and where."""
    labeled_set = labeled()

    files = export_training(labeled_set, variant_of(labeled_set), tmp_path, endpoint=OPENAI, today=today)

    (check,) = [c for c in files.checks if c.code == "closing"]
    assert check.severity == severity
    assert said in check.message
    assert "read 2026-11-23: OpenAI deprecations page" in check.message
    assert files.usd == pytest.approx(3 * files.tokens.train * 3.0 / 1e6)


def test_limits_of_a_service_block(tmp_path, monkeypatch):
    """Too few examples, too many bytes and too long an example are each a finding with the limit and its source."""
    labeled_set = labeled()
    strict = dataclasses.replace(service_of(OPENAI.base_url, OPENAI.model), fewest_examples=1000, most_bytes=10,
                                 most_tokens=20)
    monkeypatch.setattr(services_module, "services", lambda: (strict,))

    files = export_training(labeled_set, variant_of(labeled_set), tmp_path, endpoint=OPENAI, today=date(2026, 11, 27))

    limits = [c.message for c in files.blocked]
    assert ["1,000" in limits[0], "the limit is 10" in limits[1], "the limit is 20" in limits[2]] == [True] * 3


def test_every_service_has_a_date_and_a_source():
    """No figure stands without when and where it was read; unknown hosts are unknown."""
    assert all(date.fromisoformat(s.as_of) and s.source for s in services())
    assert service_of("http://127.0.0.1:1/v1", "m") is None
    assert service_of(OPENAI.base_url, "gpt-4.1-mini").model == "*"


# --- the recipe folder


def test_recipe_holds_everything_for_a_run_elsewhere(tmp_path):
    """Configuration for TRL and Axolotl agree, no sequence is cut, and the variant file gives back what was trained."""
    labeled_set = labeled()
    files = export_training(labeled_set, variant_of(labeled_set, shots=4), tmp_path)

    folder = write_recipe(files, labeled_set, model="Qwen/Qwen3-8B", name="made 'up'", seed=7)

    trl, axolotl = (yaml.safe_load((folder / name).read_text("utf-8")) for name in ("trl.yaml", "axolotl.yaml"))
    assert trl["model_name_or_path"] == axolotl["base_model"] == "Qwen/Qwen3-8B"
    assert (trl["seed"], trl["lora_r"], trl["max_length"]) == (axolotl["seed"], axolotl["lora_r"],
                                                               axolotl["sequence_len"])
    assert trl["max_length"] >= files.tokens.longest
    parted = [json.loads(line) for line in (folder / "trl_data" / "train.jsonl").read_text("ascii").splitlines()]
    meant = lines_of(labeled_set, files.variant, labeled_set.split("train"))
    assert [p["prompt"] + p["completion"] for p in parted] == [line["messages"] for line in meant]
    (asked,) = read_variants(folder / "variants.yaml", labeled_set)
    assert asked.fingerprint == files.variant.fingerprint
    serve = (folder / "serve.sh").read_text("utf-8")
    assert "--reasoning-parser qwen3" in serve
    assert "'made '\"'\"'up'\"'\"''=adapter" in serve
    assert "Apache-2.0" in (folder / "README.md").read_text("utf-8")
    test_texts = set(labeled_set.split("test")["input"])
    assert not [p for p in folder.rglob("*") if p.is_file() for t in test_texts if t in p.read_text("utf-8")]


@pytest.mark.parametrize("model", ["", "a b", "$(rm -rf)", "x;y", "../../etc\n"])
def test_what_is_no_model_id_is_refused(tmp_path, model):
    """A model id goes into a shell script and a YAML file; anything else is refused before it does."""
    labeled_set = labeled()
    files = export_training(labeled_set, variant_of(labeled_set), tmp_path)

    with pytest.raises(InputError, match="is no model id"):
        write_recipe(files, labeled_set, model=model)


def test_known_models_have_their_licence():
    """Each model of the table has a licence, a date and a source; gpt-oss has its weights taken apart."""
    assert {"meta-llama/Llama-3.1-8B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3", "Qwen/Qwen3-8B",
            "openai/gpt-oss-20b"} <= set(open_models())
    assert all(m.licence and m.as_of and m.source for m in open_models().values())
