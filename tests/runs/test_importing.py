import csv
import json
import zipfile

import pytest
from tests.made_up import made_cases, made_set

from promptceiling.errors import InputError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.runs import Workspace, completions, import_results

SET = split_labeled_set(made_set(made_cases(12)))
CASES = SET.cases.to_dict("records")


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path / "workspace", durable=False) as opened:
        yield opened


def promptfoo(answers):
    """What `promptfoo eval --output results.json` writes, cut to the parts that matter here."""
    return {"evalId": "e", "results": {"version": 3, "results": [
        {"promptIdx": 0, "testIdx": k, "vars": {"text": case["input"]}, "latencyMs": 250, "success": True,
         "provider": {"id": "openai:gpt-4o-mini", "label": ""}, "prompt": {"raw": "...", "label": "short"},
         "testCase": {"vars": {"text": case["input"]},
                      "assert": [{"type": "equals", "value": case["expected_category"]}]},
         "response": {"output": answer, "tokenUsage": {"prompt": 30, "completion": 4, "total": 34}}}
        for k, (case, answer) in enumerate(zip(CASES, answers, strict=True))]}, "config": {}}


def inspect(answers):
    """What Inspect's JSON log holds, cut to the parts that matter here."""
    return {"version": 2, "status": "success", "eval": {"task": "short", "model": "openai/gpt-4o-mini"}, "samples": [
        {"id": case["id"], "epoch": 1, "input": [{"role": "user", "content": case["input"]}],
         "target": case["expected_category"],
         "output": {"model": "gpt-4o-mini", "time": 0.25, "usage": {"input_tokens": 30, "output_tokens": 4},
                    "choices": [{"message": {"content": answer}, "stop_reason": "stop"}] if answer else []}}
        for case, answer in zip(CASES, answers, strict=True)]}


def table(answers, **columns):
    """Rows of a predictions table with these names for id, expected and predicted."""
    names = {"id": "id", "expected": "expected", "predicted": "predicted"} | columns
    return [{names["id"]: case["id"], "input": case["input"], names["expected"]: case["expected_category"],
             names["predicted"]: answer or "", "outcome": "answered" if answer else "failed"}
            for case, answer in zip(CASES, answers, strict=True)]


def as_csv(rows, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


FILES = {
    "promptfoo": ("results.json", lambda a, p: p.write_text(json.dumps(promptfoo(a)))),
    "inspect": ("log.json", lambda a, p: p.write_text(json.dumps(inspect(a)))),
    "dspy": ("dspy.csv", lambda a, p: as_csv([
        {k: v for k, v in row.items() if k not in ("id", "outcome")}
        for row in table(a, expected="example_category", predicted="pred_category")], p)),
    "predictions": ("short.csv", lambda a, p: as_csv(table(a), p)),
}
JSONL = lambda a, p: p.write_text("\n".join(map(json.dumps, table(a))))  # noqa: E731


def written(tmp_path, kind, answers):
    name, write = FILES[kind]
    path = tmp_path / name
    write(answers, path)
    return path


ANSWERS = [case["expected_category"] for case in CASES]


@pytest.mark.parametrize("kind", FILES)
def test_results_of_each_tool_stand_beside_our_own(tmp_path, workspace, kind):
    """Every answer is on its case, right, and marked with the tool and the file."""
    path = written(tmp_path, kind, ANSWERS)
    told = import_results(workspace, path, SET)
    frame = completions(workspace, SET)

    assert (told.tool, told.kept, told.notices) == (kind, len(CASES), ())
    assert set(frame["base_url"]) == {f"imported:{kind}:{path.name}"}
    assert set(frame["outcome"]) == {"answered"}
    assert (frame["predicted"] == frame["expected"]).all()
    assert set(frame["case_id"]) == {case["id"] for case in CASES}
    assert set(frame["kind"]) == {"imported"}


@pytest.mark.parametrize("kind", ["promptfoo", "inspect"])
def test_tokens_seconds_and_names_come_along(tmp_path, workspace, kind):
    """The tool's token counts, latency, prompt and model are kept."""
    import_results(workspace, written(tmp_path, kind, ANSWERS), SET)
    row = completions(workspace, SET).iloc[0]

    assert (row["input_tokens"], row["output_tokens"], row["latency_s"], row["variant"]) == (30, 4, 0.25, "short")
    assert "gpt-4o-mini" in row["model"]


@pytest.mark.parametrize("kind", ["promptfoo", "inspect", "predictions"])
def test_missing_answer_is_failed_and_another_word_unparsed(tmp_path, workspace, kind):
    """What did not come is no wrong answer, and what names no label is not made to fit."""
    import_results(workspace, written(tmp_path, kind, [None, "no idea", *ANSWERS[2:]]), SET)
    outcomes = completions(workspace, SET).set_index("case_id")["outcome"]

    assert outcomes[[CASES[0]["id"], CASES[1]["id"]]].tolist() == ["failed", "unparsed"]


def test_json_lines_are_read_like_a_table(tmp_path, workspace):
    """One object a line with the same names is the same."""
    path = tmp_path / "short.jsonl"
    JSONL(ANSWERS, path)

    assert import_results(workspace, path, SET).kept == len(CASES)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_table_in_another_shape_is_the_same(tmp_path, workspace, encoding):
    """Semicolons, another encoding and another name for the prediction, as a spreadsheet exports them."""
    path = tmp_path / "short.csv"
    lines = ["case_id;y_true;y_pred;note", *(f"{c['id']};{c['expected_category']};{c['expected_category']};é"
                                             for c in CASES)]
    path.write_text("\r\n".join(lines), encoding=encoding, newline="")
    told = import_results(workspace, path, SET)
    frame = completions(workspace, SET)

    assert told.kept == len(CASES)
    assert (frame["predicted"] == frame["expected"]).all()


def test_completion_in_json_is_read_by_its_label(tmp_path, workspace):
    """An output that is an object, or its text, is read as our own completions are."""
    objects = [{"category": answer} if k % 2 else json.dumps({"category": answer}) for k, answer in enumerate(ANSWERS)]
    import_results(workspace, written(tmp_path, "promptfoo", objects), SET)

    assert set(completions(workspace, SET)["outcome"]) == {"answered"}


def test_imported_again_a_file_replaces_what_it_brought(tmp_path, workspace):
    """The second import is what counts, once a case."""
    import_results(workspace, written(tmp_path, "predictions", ["billing"] * 12), SET)
    import_results(workspace, written(tmp_path, "predictions", ["access"] * 12), SET)

    assert completions(workspace, SET)["predicted"].tolist() == ["access"] * 12


def test_empty_workspace_takes_the_file_as_its_labeled_set(tmp_path, workspace):
    """A file that says input and expected label of every case needs no other."""
    import_results(workspace, written(tmp_path, "promptfoo", ANSWERS))
    labeled_set = workspace.load_set()

    assert sorted(labeled_set.cases["input"]) == sorted(case["input"] for case in CASES)
    assert set(labeled_set.cases["split"]) == {"validation"}


def test_cases_that_the_set_has_not_are_left_out_and_counted(tmp_path, workspace):
    """Half of the set is imported upon; the other half is told."""
    path = written(tmp_path, "predictions", ANSWERS)
    half = split_labeled_set(made_set(made_cases(12)[:6], "half"))

    assert import_results(workspace, path, half).notices == (
        "6 rows are about cases that half does not have, and were left out.",)


def test_imported_test_cases_open_the_seal(tmp_path, workspace):
    """Predictions on the test split are an opening like any run."""
    import_results(workspace, written(tmp_path, "predictions", ANSWERS), SET)

    assert len(workspace.openings(SET.key)) == int((SET.cases["split"] == "test").any())


@pytest.mark.parametrize(("text", "said"), [
    ("a,b\n1,2\n", "nor a table with a column 'predicted'"), ("id,predicted\nc1\n", r"row 1 \(line 2\) has 1 value "),
    ('{"predicted": "x"}\n{"predicted"\n', "row 2 is not JSON"), ("[1]", "row 1 is no object"),
    ('{"eval": {}}', "Inspect log without its samples"), ("id,predicted\n", "has a header .* and no cases"),
    ("id,predicted\nzz,billing\n", "No row of f is about a case of made"),
    ("id,predicted,expected\nc0001,billing,tea\n", "they are about different labels"),
    ("id,predicted\nc0001,billing\nc0001,access\n", "answers case 'c0001' 2 times"),
    ("id,predicted,repeat\nc0001,billing,first\n", "row 1 has the repeat 'first'"),
    ("[" * 100_000, "nested too deeply")])
def test_what_cannot_be_imported_is_refused_in_a_sentence(tmp_path, workspace, text, said):
    """The file, the row where it is one, what was found and what to do; nothing is kept."""
    path = tmp_path / "f"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        import_results(workspace, path, SET)

    assert workspace.items(SET.key).empty


def test_missing_file_is_named(tmp_path, workspace):
    with pytest.raises(InputError, match="There is no file"):
        import_results(workspace, tmp_path / "none.json", SET)


def test_repeats_of_a_tool_are_numbered_in_their_order(tmp_path, workspace):
    """promptfoo's --repeat gives a case several rows: each is a repeat of its own."""
    whole = promptfoo(ANSWERS)
    whole["results"]["results"] *= 3
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))
    import_results(workspace, path, SET)

    assert completions(workspace, SET)["repeat"].value_counts().to_dict() == {0: 12, 1: 12, 2: 12}


def test_json_lines_of_promptfoo_are_its_results(tmp_path, workspace):
    """`--output results.jsonl` writes one result a line, some without `vars` of their own."""
    rows = promptfoo(ANSWERS)["results"]["results"]
    for row in rows:
        del row["vars"]
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")

    assert (import_results(workspace, path, SET).tool, workspace.sets()["name"].tolist()) == ("promptfoo", [SET.name])
    assert (completions(workspace, SET)["predicted"] == completions(workspace, SET)["expected"]).all()


def test_label_of_a_promptfoo_assertion_is_found_in_sets_and_long_prompts_are_cut(tmp_path, workspace):
    """An assert-set holds assertions; a prompt without a label is labelled with its whole text, and gets a short
    name."""
    whole = promptfoo(ANSWERS)
    for row in whole["results"]["results"]:
        row["testCase"]["assert"] = [{"type": "assert-set", "assert": row["testCase"]["assert"]}]
        row["prompt"]["label"] = "Classify this.\n" * 20
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))
    import_results(workspace, path)
    frame = completions(workspace, workspace.load_set())

    assert sorted(frame["expected"]) == sorted(ANSWERS)
    assert {name[:24] for name in frame["variant"]} == {"prompt 0: Classify this."}
    assert frame["variant"].str.len().max() < 80


def test_stripped_answers_are_none(tmp_path, workspace):
    """What promptfoo puts in place of an answer is not read as one."""
    path = written(tmp_path, "promptfoo", ["[output stripped]"] * 12)

    with pytest.raises(InputError, match="PROMPTFOO_STRIP_RESPONSE_OUTPUT, so it holds no answers"):
        import_results(workspace, path, SET)


def test_call_that_failed_in_promptfoo_is_failed_and_a_failed_assertion_is_an_answer(tmp_path, workspace):
    """failureReason 2 is an error of the call; 1 says only that the answer was not the expected one. A finish reason
    is kept."""
    whole = promptfoo(["billing"] * 12)
    first, second, third, fourth, *_ = whole["results"]["results"]
    first |= {"failureReason": 2, "error": "API error: 500"}
    second |= {"failureReason": 1, "error": "Expected output to equal", "success": False}
    third["response"] |= {"finishReason": "length", "output": "bill"}
    fourth["response"] |= {"finishReason": "content_filter"}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))
    import_results(workspace, path, SET)
    outcomes = completions(workspace, SET).set_index("case_id")["outcome"]

    assert outcomes[[case["id"] for case in CASES[:4]]].tolist() == ["failed", "answered", "truncated", "refused"]


def test_variable_of_any_name_is_the_input_where_there_is_no_other(tmp_path, workspace):
    """promptfoo's variables are named by the user: the only text among them is the case's."""
    whole = promptfoo(ANSWERS)
    for row in whole["results"]["results"]:
        row["vars"] = row["testCase"]["vars"] = {"email_body": row["vars"]["text"]}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(whole))

    assert import_results(workspace, path, SET).kept == len(CASES)


def test_example_that_failed_in_dspy_is_failed(tmp_path, workspace):
    """In DSPy's JSON an example whose program raised has its label without a prefix, and no prediction."""
    rows = [{"input": c["input"], "example_category": c["expected_category"], "pred_category": "billing", "match": 0.0}
            for c in CASES]
    rows[0] = {"input": CASES[0]["input"], "category": CASES[0]["expected_category"], "match": 0.0}
    path = tmp_path / "dspy.json"
    path.write_text(json.dumps(rows))
    import_results(workspace, path, SET)
    frame = completions(workspace, SET)

    assert frame.set_index("case_id")["outcome"][CASES[0]["id"]] == "failed"
    assert (frame["outcome"] == "answered").sum() == 11


def test_zipped_log_of_inspect_is_told_how_to_be_written(tmp_path, workspace):
    """Inspect's own binary form is named, with the command that writes the other."""
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", "{}")
    with pytest.raises(InputError, match="inspect log dump FILE"):
        import_results(workspace, path, SET)
