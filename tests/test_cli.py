import asyncio
import contextlib
import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from typing import get_args

import pytest
from click.testing import CliRunner
from tests.made_up import made_cases, written
from tests.runs.misbehaving_server import completion, error, raw, serving

from promptceiling import compare
from promptceiling.cli import main
from promptceiling.decision import Verdict
from promptceiling.runs import LocalServer, Workspace, asking, completions
from promptceiling.runs.predictions_file import write_predictions

KEY = "sk-canary-2e81f0aa93c4d7"
PROGRAM = [sys.executable, "-c", "from promptceiling.cli import main; main()"]
ZERO_SHOT = "- {name: zero-shot}\n"


@pytest.fixture
def tickets(tmp_path):
    """Forty-five made-up cases, split in thirds, and a variants file with one variant."""
    cases = [case | {"split": ("train", "validation", "test")[(k // 3) % 3]} for k, case in enumerate(made_cases(45))]
    (tmp_path / "variants.yaml").write_text(ZERO_SHOT)
    return written(tmp_path / "tickets.csv", cases)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Runs the command in an empty folder; its result, once no traceback was seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("promptceiling.runs.local_servers", tuple)  # whatever runs on this machine

    def run(*words):
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return run


def sentence(result, status=2, after=()):
    """The one line on stderr, `after` those that told of work begun, of a call that ended with this status and said
    nothing on stdout."""
    assert result.exit_code == status, result.output
    *before, line = result.stderr.splitlines()
    assert before == [*after]
    assert line.startswith("promptceiling: ")
    assert line.endswith(".")
    return line


def printed(result, status=0):
    """The one JSON object on stdout of a call with --json."""
    assert result.exit_code == status, result.output

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    found = json.loads(result.stdout, parse_constant=refuse)
    assert isinstance(found, dict)
    assert result.stdout.count("\n") == 1
    return found


def is_interval(value):
    return list(value) == ["value", "low", "high"] and all(isinstance(x, float) for x in value.values())


@contextlib.contextmanager
def served(script):
    """A scripted OpenAI-compatible server in a thread of its own."""
    ready, done = threading.Event(), []

    async def serve():
        async with serving(script) as server:
            loop, end = asyncio.get_running_loop(), asyncio.Event()
            done.extend([server, lambda: loop.call_soon_threadsafe(end.set)])
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield done[0]
    finally:
        done[1]()
        thread.join(20)


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- check

def test_check_prints_what_was_read(call, tickets):
    """Rows, classes, fields, notices, findings and splits of the file, for programs and for people."""
    found = printed(call("check", tickets, "--json"))

    assert list(found) == ["file", "rows", "classes", "fields", "notices", "findings", "splits"]
    assert found["file"] == str(tickets)
    assert found["rows"] == 45
    assert found["classes"] == {"billing": 15, "access": 15, "export": 15}
    assert found["fields"] == ["category"]
    assert found["splits"] == {"train": 15, "validation": 15, "test": 15}
    assert call("check", tickets).stdout.startswith(f"{tickets}: 45 cases, fields category; splits test 15")


def test_check_of_a_large_set_says_what_it_is_doing(call, tickets, monkeypatch):
    """What takes long is told on stderr before it begins, the object on stdout stays whole; a small set is quiet."""
    assert call("check", tickets, "--json").stderr == ""
    monkeypatch.setattr(sys.modules["promptceiling.cli.check"], "_SLOW", 45)

    result = call("check", tickets, "--json")

    assert printed(result)["rows"] == 45
    assert [line.partition(";")[0] for line in result.stderr.splitlines()] == ["45 cases are read", "Split"]


def test_check_says_what_was_cleaned(call, tmp_path):
    """A row without a label is a notice with its code, its sentence and its row."""
    path = written(tmp_path / "t.csv", [*made_cases(9), {"id": "x", "input": "no label", "expected_category": ""}])

    notices = printed(call("check", path, "--json"))["notices"]

    assert notices
    assert all(list(notice) == ["code", "message", "rows"] for notice in notices)
    assert [10] in [notice["rows"] for notice in notices]


@pytest.mark.parametrize("words", [["check"], ["run", "--data"], ["latency", "--calls", 20, "--data"],
                                   ["export", "tuned", "--data"]])
def test_whatever_reads_a_labeled_set_takes_other_column_names(call, tmp_path, words):
    """--input and --label name the columns, wherever a file is read; without them a sentence says so."""
    path = written(tmp_path / "t.csv", [{"words": c["input"], "kind": c["expected_category"]} for c in made_cases(60)])

    assert "name it with --input" in sentence(call(*words, path))
    assert call(*words, path, "--input", "words", "--label", "kind").exit_code == 0


def test_check_refuses_a_missing_file(call):
    """With --json the error is the object on stdout, and the sentence stays on stderr; status 2."""
    result = call("check", "nothing.csv", "--json")

    problem = printed(result, 2)
    assert list(problem) == ["error"]
    assert list(problem["error"]) == ["message", "file", "row", "column"]
    assert problem["error"]["file"] == "nothing.csv"
    assert result.stderr == f"promptceiling: {problem['error']['message']}\n"
    assert "nothing.csv" in sentence(call("check", "nothing.csv"))


def test_check_names_the_place(call, tmp_path):
    """A split that is none is refused with its row and column."""
    cases = [case | {"split": "train"} for case in made_cases(9)]
    cases[4]["split"] = "nowhere"

    problem = printed(call("check", written(tmp_path / "t.csv", cases), "--json"), 2)["error"]

    assert (problem["row"], problem["column"]) == (5, "split")
    assert "'nowhere'" in problem["message"]


# --- run

def test_run_asks_scores_and_asks_no_second_time(call, tickets):
    """The object has every key; the second run sends nothing and gives the same scores."""
    words = ("run", "--data", tickets, "--json")
    first, second = printed(call(*words)), printed(call(*words))

    assert list(first) == [
        "run", "model", "split", "outcomes", "sent", "from_store", "cost_usd", "elapsed_s", "variants"]
    assert (first["model"], first["split"], first["cost_usd"]) == ("embedded-in-context", "validation", 0.0)
    assert sum(first["outcomes"].values()) == first["sent"] == 45
    assert (first["from_store"], second["sent"], second["from_store"]) == (0, 0, 45)
    assert [v["name"] for v in first["variants"]] == ["zero-shot", "5 stratified shots", "5 similar shots"]
    for variant in first["variants"]:
        assert list(variant) == ["name", "n", "scored", "f1_weighted", "f1_macro", "accuracy"]
        assert (variant["n"], variant["scored"]) == (15, 15)
        assert is_interval(variant["f1_weighted"])
        assert is_interval(variant["accuracy"])
        assert isinstance(variant["f1_macro"], float)
    assert second["variants"] == first["variants"]
    assert second["run"] != first["run"]


def test_run_writes_predictions_that_score_alike(call, tickets, tmp_path):
    """--out has the documented columns, and `score` of it gives the figures that `run` gave, with intervals over the
    same groups."""
    with tickets.open(encoding="utf-8", newline="") as file:
        cases = [case | {"group": f"customer {k // 3}"} for k, case in enumerate(csv.DictReader(file))]
    ran = printed(call("run", "--data", written(tickets, cases), "--split", "all", "--out", "out.csv", "--json"))

    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scored = printed(call("score", "out.csv", "--json"))
    with Workspace(tmp_path / "workspace", read_only=True) as workspace:
        zero, five = (rows for _, rows in list(completions(workspace, workspace.load_set()).groupby(
            "variant", sort=False))[:2])
    for name, frame in (("a.csv", zero), ("b.csv", five)):
        write_predictions(frame, tmp_path / name)
    delta = compare(zero.drop(columns="split"), five.drop(columns="split")).delta_f1_weighted
    assert printed(call("compare", "a.csv", "b.csv", "--json"))["delta_f1_weighted"] == {
        "value": delta.value, "low": delta.low, "high": delta.high}
    assert list(rows[0]) == ["id", "group", "variant", "repeat", "expected", "predicted", "outcome", "confidence",
                             "latency_s", "input_tokens", "cached_tokens", "output_tokens"]
    assert len(rows) == 135
    for one, other in zip(ran["variants"], scored["variants"], strict=True):
        assert one["name"] == other["variant"]
        assert one["f1_weighted"] == other["f1_weighted"]


def test_run_says_whose_scores_they_are(call, tickets):
    """A person reads what was asked, the scores, and that they are the embedded model's."""
    result = call("run", "--data", tickets, "--variants", "variants.yaml")

    assert result.exit_code == 0
    assert ", done: 15 answers came now; nothing was paid. The scores are the embedded model's, not an LLM's.\n" in (
        result.stdout)
    assert "zero-shot: weighted F1 0." in result.stdout


def test_run_reports_what_an_endpoint_costs(call, tickets, monkeypatch):
    """15 calls of 10 tokens in and 2 out at gpt-6-luna's price: 15 (10 x 0.10 + 2 x 0.50) / 10^6 = $0.00003."""
    with served([completion("billing")]) as server:
        found = printed(call("run", "--data", tickets, "--variants", "variants.yaml", "--json", "--base-url",
                             server.base_url, "--model", "gpt-6-luna"))

    assert found["cost_usd"] == pytest.approx(3e-5)
    assert found["outcomes"] == {"answered": 15}


@pytest.mark.parametrize(("words", "said"), [
    (("--data", "nothing.csv"), "nothing.csv"),
    (("--data", "tickets.csv", "--variants", "nothing.yaml"), "nothing.yaml"),
    (("--data", "tickets.csv", "--base-url", "http://127.0.0.1:1/v1"), "No model is named"),
    (("--data", "tickets.csv", "--store", "tickets.csv/below"), "tickets.csv/below"),
    (("--data", "tickets.csv", "--variants", "variants.yaml", "--out", "tickets.csv/o.csv"), "tickets.csv/o.csv"),
])
def test_run_refuses_in_a_sentence(call, tickets, words, said):
    """A missing file, an endpoint without a model, a workspace or an output that cannot be written."""
    result = call("run", *words)

    status = 3 if "No model" in said else 2
    assert result.exit_code == status
    assert said in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].startswith("promptceiling: ")


def test_only_unusable_input_is_an_object_on_stdout(call, tickets):
    """A workspace that cannot be made is a sentence on stderr alone, with --json too."""
    result = call("run", "--data", tickets, "--store", tickets / "below", "--json")

    assert result.stdout == ""
    assert "cannot be made" in sentence(result)


def test_a_wrong_key_ends_the_run_and_is_not_shown(call, tickets, monkeypatch):
    """A 401 that repeats the key: status 3, one sentence about the variable, the key nowhere, a few sends at most."""
    monkeypatch.setenv("MY_KEY", KEY)
    with served(lambda r: error(401, "invalid_api_key", f"Wrong key: {r.headers['authorization']}")) as server:
        result = call("run", "--data", tickets, "--variants", "variants.yaml", "--model", "m", "--base-url",
                      server.base_url, "--api-key-env", "MY_KEY", "--concurrency", "2", "--json")
        asked = list(server.requests)

    found = printed(result, 3)
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert len(asked) <= 2
    assert found["outcomes"] == {"failed": 15}
    assert found["variants"][0]["scored"] == 0
    assert found["variants"][0]["f1_weighted"] == {"value": None, "low": None, "high": None}
    assert result.stderr == "promptceiling: The server refused the key (401). Check the variable that holds it.\n"
    assert KEY not in result.output


def test_an_unreachable_endpoint_ends_the_run_at_once(call, tickets, monkeypatch, free_port):
    """Nothing listens at the port: status 3 and one sentence with the address, what was found and what to do."""
    monkeypatch.setattr(asking, "UNREACHED_S", 0.0)  # no waiting for a second try

    result = call("run", "--data", tickets, "--variants", "variants.yaml", "--model", "m", "--base-url",
                  f"http://127.0.0.1:{free_port}/v1", "--json")

    found = printed(result, 3)
    assert (found["sent"], found["outcomes"]) == (0, {"failed": 15})
    assert result.stderr == (
        f"promptceiling: http://127.0.0.1:{free_port} cannot be reached: the connection was refused. Nothing was sent "
        "and nothing is to be paid. Check the base URL, and that the server runs; then try again.\n")


def test_a_missing_key_is_asked_for_before_anything_is_sent(call, tickets):
    """A host that is not this machine needs a key; its variable is named."""
    result = call("run", "--data", tickets, "--model", "m", "--base-url", "https://models.example/v1")

    assert result.exit_code == 3
    assert result.stderr == ("promptceiling: models.example needs a key, and OPENAI_API_KEY is not set in the "
                             "environment.\n")


def test_parameters_go_with_every_call_and_are_part_of_what_is_asked(call, tickets):
    """Another temperature is another question; the same one again is stored."""
    with served([completion("billing")]) as server:
        words = ("run", "--data", tickets, "--variants", "variants.yaml", "--base-url", server.base_url, "--model", "m",
                 "--json", "--parameter", "max_completion_tokens=20", "--parameter")
        sent = [printed(call(*words, f"temperature={value}"))["sent"] for value in (0, 1, 0)]
        asked = [request.body for request in server.requests]

    assert sent == [15, 15, 0]
    assert [body["temperature"] for body in asked] == [0] * 15 + [1] * 15
    assert {body["max_completion_tokens"] for body in asked} == {20}


def test_a_parameter_that_is_not_known_is_told_and_sent(call, tickets):
    """A slip is asked about, a server's own parameter is not, and both go with every call."""
    with served([completion("billing")]) as server:
        result = call("run", "--data", tickets, "--variants", "variants.yaml", "--base-url", server.base_url, "--model",
                      "m", "--parameter", "temprature=0", "--parameter", "top_k=1", "--json")
        asked = [request.body for request in server.requests]

    assert "'temprature' is no parameter of chat completions. Did you mean 'temperature'? It is sent" in result.stderr
    assert "top_k" not in result.stderr
    assert {(body["temprature"], body["top_k"]) for body in asked} == {(0, 1)}


def test_run_again_costs_nothing(call, tickets):
    """The cost is what this run has cost: stored answers cost nothing more."""
    with served([completion("billing")]) as server:
        words = ("run", "--data", tickets, "--variants", "variants.yaml", "--base-url", server.base_url, "--model",
                 "gpt-6-luna", "--json")
        costs = [printed(call(*words))["cost_usd"] for _ in range(2)]

    assert costs == [pytest.approx(3e-5), 0]


def test_running_local_server_is_offered_where_nothing_was_named(call, tickets, monkeypatch):
    """With no model and no URL the embedded model answers, and a local server is told with the words that use it."""
    server = LocalServer("Ollama", "http://127.0.0.1:11434/v1", ("qwen3:8b",))
    monkeypatch.setattr("promptceiling.runs.local_servers", lambda: (server,))

    told = call("run", "--data", tickets, "--variants", "variants.yaml").stderr
    assert "--base-url http://127.0.0.1:11434/v1 --model qwen3:8b" in told
    assert "--base-url" in call("probe").stdout
    assert printed(call("probe", "--json"))["local_servers"][0]["models"] == ["qwen3:8b"]


# --- search

def test_search_finds_the_best_of_a_grid_and_goes_on_where_it_was(call, tmp_path):
    """The best comes with its interval and n, and with what to expect of it; the second search asks for nothing; the
    written best is the variant that a run on the sealed split asks."""
    data = written(tmp_path / "cases.csv", made_cases(240))
    words = ("search", "--data", data, "--calls", 400)
    first = call(*words, "--out", "best.yaml")
    found = printed(call(*words, "--json"))
    ran = printed(call("run", "--data", data, "--variants", "best.yaml", "--split", "test", "--json"))

    assert first.exit_code == 0
    assert f"search, done: {found['best']}: weighted F1 " in first.stdout
    assert f"  {found['best']}: weighted F1 " in first.stdout
    assert "look 1 of " in first.stderr
    assert (found["state"], found["calls_now"]) == ("done", 0)
    assert found["calls"] <= 400
    assert found["variants"][0]["fate"] == "best"
    assert is_interval({k: v for k, v in found["variants"][0]["f1_weighted"].items() if k != "n"})
    assert found["selection_corrected"]["n"] < found["n"] == found["variants"][0]["f1_weighted"]["n"]
    assert [one["name"] for one in ran["variants"]] == [found["best"]]
    assert "Nothing was sent now, nothing was paid." in call(*words).stdout


def test_search_races_the_variants_of_a_file_within_its_budget(call, tickets, tmp_path):
    """The file's variants are what is raced; a budget that is too small is a sentence, and nothing is asked."""
    (tmp_path / "two.yaml").write_text("- {name: none}\n- {name: three, shots: 3}\n")
    words = ("search", "--data", tickets, "--variants", "two.yaml")

    assert {one["name"] for one in printed(call(*words, "--json"))["variants"]} >= {"none", "three"}
    assert "raise it, or narrow the space" in sentence(call(*words, "--calls", 3))


# --- probe and latency

def test_probe_says_what_is_honoured(call):
    """Each feature has its line; with --json all of it is one object."""
    plain = call("probe", "--model", "embedded-in-context")

    assert plain.exit_code == 0
    assert " honoured  JSON schema: " in plain.stdout
    assert printed(call("probe", "--model", "embedded-in-context", "--json"))["findings"][0]["verdict"] == "honoured"


def test_probe_of_a_url_lists_its_models(call):
    """Without a model the models are listed, with the day on which they end where the server says one."""
    listed = raw(b'{"data": [{"id": "m", "shutdown_date": "2027-01-14"}, {"id": "n"}]}')
    with served([listed]) as server:
        assert call("probe", "--base-url", server.base_url).stdout == "m  ends on 2027-01-14\nn\n"
        assert printed(call("probe", "--base-url", server.base_url, "--json"))["models"] == {
            "m": "2027-01-14", "n": None}


@pytest.mark.parametrize("model", [("--model", "m"), ()])
def test_probe_of_nothing_is_a_sentence(call, free_port, monkeypatch, model):
    """A server that is not there: status 3."""
    monkeypatch.setattr("promptceiling.runs.probe.SENDS", 1)
    url = f"http://127.0.0.1:{free_port}"

    assert f"{url} cannot be reached: the connection was refused." in sentence(call(
        "probe", "--base-url", f"{url}/v1", *model), 3)


def test_latency_has_three_percentiles_with_intervals(call, tickets):
    """100 calls: p50 and p95 have both ends, p99 has too few calls for an upper one, which is null and said."""
    words = ("latency", "--data", tickets, "--variants", "variants.yaml", "--variant", "zero-shot")
    (found,) = printed(call(*words, "--json"))["variants"]

    assert (found["name"], found["n"]) == ("zero-shot", 100)
    assert 0 < found["p50_ms"]["low"] <= found["p50_ms"]["value"] <= found["p50_ms"]["high"] <= found["p95_ms"]["value"]
    assert found["p95_ms"]["high"] is not None
    assert found["p99_ms"]["high"] is None
    assert "no upper end below 72 calls]" in call(*words, "--calls", "20").stdout
    assert printed(call(*words, "--calls", "5", "--json"))["variants"][0]["p50_ms"]["low"] is None
    assert "[no lower end below 6 calls, no upper end below 6 calls], p95" in call(*words, "--calls", "5").stdout
    assert "There is no variant 'other'" in sentence(call(*words, "--variant", "other"))


# --- score and compare

def predictions(path, rows):
    return written(path, [dict(zip(("id", "expected", "predicted"), row, strict=True)) for row in rows])


@pytest.fixture
def two_files(tmp_path):
    """Four hundred cases: `a.csv` is right on 300 of them, `b.csv` on the same and 60 more."""
    truth = [("x", "y")[k % 2] for k in range(400)]
    other = {"x": "y", "y": "x"}
    for name, right in (("a.csv", 300), ("b.csv", 360)):
        predictions(tmp_path / name, [
            (f"c{k}", label, label if k < right else other[label]) for k, label in enumerate(truth)])
    return tmp_path / "a.csv", tmp_path / "b.csv"


def test_score_prints_every_metric(call, two_files):
    """Accuracies of 0.75 and 0.90 on balanced classes, with the constant answer and both classes."""
    found = printed(call("score", *two_files, "--json"))

    assert list(found) == ["variants"]
    assert [(v["variant"], v["n"], v["scored"]) for v in found["variants"]] == [("a", 400, 400), ("b", 400, 400)]
    assert [v["accuracy"]["value"] for v in found["variants"]] == [0.75, 0.9]
    for variant in found["variants"]:
        assert {"variant", "n", "scored", "f1_weighted", "f1_macro", "accuracy", "constant_answer", "per_class"} <= (
            variant.keys())
        assert is_interval(variant["f1_weighted"])
        assert variant["constant_answer"] == {"f1_weighted": pytest.approx(1 / 3), "label": "x"}
        assert is_interval(variant["constant_answer_interval"])
        assert [c["label"] for c in variant["per_class"]] == ["x", "y"]
        assert [c["support"] for c in variant["per_class"]] == [200, 200]
    lines = call("score", *two_files).stdout.splitlines()
    assert lines[0].startswith("a: weighted F1 0.750 [0.")
    assert "400 scored of 400; always answering 'x': weighted F1 0.333 [0." in lines[0]


def test_score_tells_what_it_read_otherwise(call, tmp_path):
    """Synonyms, missing ids and words that are no label are told beside the figures, on stderr."""
    (tmp_path / "mine.jsonl").write_text('{"label": "x", "prediction": "x"}\n{"label": "y", "prediction": "Y"}\n')
    for words in (("score", "mine.jsonl"), ("score", "mine.jsonl", "--json"), ("compare", "mine.jsonl", "mine.jsonl")):
        told = call(*words).stderr

        assert "mine.jsonl: the column 'prediction' is read as 'predicted'." in told
        assert told.count("mine.jsonl has no column 'id'") == 1
        assert "1 of 2 predictions are no label that it expects, and count as wrong: 'Y' 1." in told


def test_compare_prints_the_paired_difference(call, two_files):
    """B is right on 60 more of 400 and wrong on none that A has right: +15 points, McNemar 0 against 60, worth it."""
    found = printed(call("compare", *two_files, "--json"))

    assert list(found) == ["n", "left_out", "delta_f1_weighted", "delta_accuracy", "mcnemar", "verdict",
                           "labels_needed", "withheld", "delta_failed_wrong",
                           "delta_failed_wrong_interval", "share_at_least",
                           "only_in_a", "only_in_b", "detectable_delta_accuracy"]
    assert (found["only_in_a"], found["only_in_b"]) == (0, 0)
    assert [one["margin"] for one in found["share_at_least"]] == [0.05, 0.08]
    assert (found["left_out"], found["withheld"]) == (0, None)
    assert found["n"] == 400
    assert found["delta_accuracy"]["value"] == pytest.approx(0.15)
    assert is_interval(found["delta_f1_weighted"])
    assert list(found["mcnemar"]) == ["b", "c", "p"]
    assert (found["mcnemar"]["b"], found["mcnemar"]["c"]) == (0, 60)
    assert found["mcnemar"]["p"] == pytest.approx(2 * 0.5**60)
    assert (found["verdict"], found["labels_needed"]) == ("worth it", None)
    back = printed(call("compare", *reversed(two_files), "--json"))
    assert back["verdict"] == "not worth it"
    assert back["delta_f1_weighted"]["value"] == pytest.approx(-found["delta_f1_weighted"]["value"])
    assert "worth it" in call("compare", *two_files).stdout


def test_compare_takes_two_variants_of_one_file(call, two_files, tmp_path):
    """One file with both, with or without their names, gives the figures of two files; of more they are named."""
    rows = {path.stem: path.read_text(encoding="utf-8").splitlines()[1:] for path in two_files}
    one = tmp_path / "one.csv"
    one.write_text("\n".join(["id,expected,predicted,variant", *(
        f"{row},{name}" for name, lines in rows.items() for row in lines)]), encoding="utf-8")
    apart = printed(call("compare", *two_files, "--json"))

    assert printed(call("compare", one, "--json")) == apart
    assert printed(call("compare", one, one, "--variant", "a", "--variant", "b", "--json")) == apart
    assert printed(call("compare", two_files[0], one, "--variant", "a", "--variant", "b", "--json")) == apart
    back = call("compare", one, "--variant", "b", "--variant", "a").stdout
    assert back.startswith("a against b on 400 cases: weighted F1 -")
    assert "only b right: 60, only a right: 0" in back
    assert "it holds 'a', 'b'" in call("compare", one, "--variant", "a", "--variant", "c").stderr
    assert "--variant is expected twice" in call("compare", one, "--variant", "a").stderr
    assert "holds 1 variant ('a')" in call("compare", two_files[0]).stderr
    assert "name one a side with --variant" in call("compare", one, two_files[0]).stderr


def test_compare_withholds_the_verdict_where_one_side_failed_more(call, two_files):
    """B failed on 3% and A on none: the figures stand, and why there is no verdict is said."""
    b = two_files[1].read_text(encoding="utf-8").splitlines()
    rows = [f"{b[0]},outcome", *(f"{row},{'failed' if k < 12 else 'answered'}" for k, row in enumerate(b[1:]))]
    two_files[1].write_text("\n".join(rows), encoding="utf-8")
    found = printed(call("compare", *two_files, "--json"))

    assert (found["n"], found["left_out"], found["verdict"]) == (388, 12, "undecidable")
    assert "points apart" in found["withheld"]
    printed_text = call("compare", *two_files).stdout
    assert f"no verdict: {found['withheld']}" in printed_text
    wrong = found["delta_failed_wrong_interval"]
    assert wrong["low"] < wrong["value"] == found["delta_failed_wrong"] < found["delta_f1_weighted"]["value"]
    assert (f"left out: 12 cases that failed; counted as wrong they make it {100 * wrong['value']:+.1f} pp "
            f"[{100 * wrong['low']:+.1f}, {100 * wrong['high']:+.1f}] on 400 cases") in printed_text


def test_both_readings_of_failures_are_printed_and_what_became_of_answers(call, tmp_path):
    """Four failed of 100 that are right otherwise: F1 1 without them and about 0.98 with them as wrong."""
    rows = [(f"c{k}", "xy"[k % 2], "" if k < 4 else "xy"[k % 2]) for k in range(100)]
    path = predictions(tmp_path / "p.csv", rows)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{lines[0]},outcome", *(
        f"{line},{'failed' if k < 3 else ''}" for k, line in enumerate(lines[1:]))]), encoding="utf-8")
    found = printed(call("score", path, "--json"))["variants"][0]

    assert found["outcomes"] == {"failed": 3, "unparsed": 1, "answered": 96}
    assert found["f1_weighted_failed_wrong"] < found["f1_weighted"]["value"] < 1
    wrong = found["f1_weighted_failed_wrong_interval"]
    assert wrong["low"] < wrong["value"] == found["f1_weighted_failed_wrong"] < wrong["high"]
    assert ("3 without an answer, 1 unparsed; weighted F1 where no answer counts as wrong: "
            f"{wrong['value']:.3f} [{wrong['low']:.3f}, {wrong['high']:.3f}], n 100") in call("score", path).stdout


def test_nothing_scored_is_said(call, tmp_path):
    """Every call failed: a sentence, and null for every figure."""
    path = tmp_path / "f.csv"
    path.write_text("id,expected,predicted,outcome\n1,a,,failed\n2,b,,failed\n", encoding="utf-8")

    assert call("score", path).stdout == "f: nothing to score, none of 2 cases has an answer\n"
    assert printed(call("score", path, "--json"))["variants"][0]["f1_weighted"] == dict.fromkeys(
        ("value", "low", "high"))


def test_groups_in_a_file_are_drawn_together(call, two_files):
    """A column `group` of eight customers widens what four hundred cases of their own would say."""
    alone = [printed(call(*words, "--json")) for words in (("score", two_files[0]), ("compare", *two_files))]
    for path in two_files:
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([f"{lines[0]},group", *(
            f"{line},customer {k // 50}" for k, line in enumerate(lines[1:]))]), encoding="utf-8")
    together = [printed(call(*words, "--json")) for words in (("score", two_files[0]), ("compare", *two_files))]

    for one, other in ((alone[0]["variants"][0]["f1_weighted"], together[0]["variants"][0]["f1_weighted"]),
                       (alone[1]["delta_accuracy"], together[1]["delta_accuracy"])):
        assert other["value"] == pytest.approx(one["value"])
        assert other["high"] - other["low"] > 2 * (one["high"] - one["low"])


def test_score_says_what_a_reader_should_know(call, tmp_path):
    """Remarks stand below the figures, and in the object."""
    few = predictions(tmp_path / "few.csv", [(f"c{k}", "xy"[k % 2], "x") for k in range(8)])
    remarks = printed(call("score", few, "--json"))["variants"][0]["remarks"]

    assert any("close to always answering 'x'" in remark for remark in remarks)
    assert f"  note: {remarks[0]}" in call("score", few).stdout


def test_what_is_to_be_known_of_every_variant_is_said_once(call, tmp_path):
    """Two variants on the same few cases share their remarks."""
    few = predictions(tmp_path / "few.csv", [(f"c{k}", "xy"[k % 2], "x") for k in range(8)])
    remark = printed(call("score", few, "--json"))["variants"][0]["remarks"][0]

    assert call("score", few, few).stdout.count(remark) == 1
    assert f"note, of each: {remark}" in call("score", few, few).stdout


def test_compare_says_how_many_labels_decide(call, two_files):
    """With margins around the difference nothing is decided, and a number of labels is named."""
    found = printed(call("compare", *two_files, "--margins", "0.1", "0.16", "--json"))

    assert found["verdict"] == "undecidable"
    assert found["labels_needed"] % 10 == 0
    assert found["labels_needed"] > 0


@pytest.mark.parametrize(("words", "column"), [
    (("score", "nothing.csv"), None), (("compare", "a.csv", "nothing.csv"), None),
    (("score", "odd.csv"), "expected"), (("compare", "a.csv", "apart.csv"), "id"),
    (("compare", "a.csv", "b.csv", "--margins", "0.2", "0.1"), None),
])
def test_files_that_cannot_be_scored_are_refused(call, two_files, tmp_path, words, column):
    """Missing files, missing columns, files that share no case and margins in the wrong order: status 2."""
    (tmp_path / "odd.csv").write_text("id,predicted\n1,x\n")
    predictions(tmp_path / "apart.csv", [("other", "x", "x")])

    assert printed(call(*words, "--json"), 2)["error"]["column"] == column
    assert sentence(call(*words))


# --- decide, publish, verify

@pytest.fixture
def decided(call, tickets):
    """A workspace with one run."""
    assert call("run", "--data", tickets, "--variants", "variants.yaml").exit_code == 0


@pytest.mark.usefixtures("decided")
def test_decide_answers_every_row(call):
    """45 labels are too few; every row has its figures, reason and remedy."""
    found = printed(call("decide", "--json"))

    assert {"verdict", "strength", "rows", "missing"} <= found.keys()
    assert found["verdict"] == "collect labels, few-shot meanwhile"
    assert found["strength"] == 0
    for row in found["rows"]:
        assert list(row) == ["id", "condition", "status", "value", "low", "high", "n", "reason", "remedy"]
    assert [(r["id"], r["status"]) for r in found["rows"]][:3] == [
        ("no_evals", "not met"), ("few_labels", "met"), ("f1", "not met")]
    assert found["rows"][1]["n"] == 45
    assert any("local classifier" in line for line in found["missing"])
    told = call("decide").stdout
    assert told.startswith("Collect labels; use few-shot prompting meanwhile.")
    assert "[collect labels, few-shot meanwhile; 0 of 3 conditions" in told
    assert "Rests on: 45 labeled cases, 1 prompt variant on embedded-in-context, 0 alternatives; the sealed" in told
    assert "Next: Label 455 more: 500 are taken as enough for a fine-tune." in told


@pytest.mark.usefixtures("decided")
def test_decide_is_a_gate(call):
    """Status 0 for the wanted verdict, 1 for another one, 2 for a word that is no verdict."""
    wanted = call("decide", "--fail-unless", "collect labels, few-shot meanwhile", "--json")
    other = call("decide", "--fail-unless", "ship the prompt", "--json")

    assert printed(wanted, 0) == printed(other, 1)
    line = sentence(call("decide", "--fail-unless", "ship it"))
    assert all(verdict in line for verdict in get_args(Verdict))


@pytest.mark.usefixtures("decided")
def test_decide_takes_what_is_stated(call):
    """A threshold that the prompt passes meets its row, and neither ships nor waits for fewer labels on few cases; a
    budget of next to nothing makes its cost a met condition."""
    def rows(*words):
        return {r["id"]: r["status"] for r in printed(call("decide", *words, "--json"))["rows"]}

    assert printed(call("decide", "--f1", "0.02", "--json"))["verdict"] == "collect labels, few-shot meanwhile"
    assert rows("--f1", "0.02")["f1"] == "met"
    assert rows("--requests-per-month", "1e9", "--budget-usd-per-month", "1")["cost"] == "met"
    problem = printed(call("decide", "--sla-ms", "0", "--json"), 2)["error"]
    assert problem["column"] == "sla_ms"


@pytest.mark.usefixtures("decided")
def test_decide_prints_the_whole_contract(call):
    """Verdict, strength, rows, flips, what is missing, the shares of plausible worlds and the bill; no NaN."""
    found = printed(call("decide", "--json"))

    assert {"verdict", "strength", "rows", "flips", "missing", "plausible", "bill", "checklist", "assumptions"} <= set(
        found)
    assert all({"input", "now", "at", "direction", "verdict", "sentence"} <= set(flip) for flip in found["flips"])
    assert sum(found["plausible"]["verdicts"].values()) == pytest.approx(1)
    assert {"prompt", "fine-tune"} <= {option["kind"] for option in found["bill"]["options"]}


@pytest.mark.usefixtures("decided")
def test_any_assumption_can_be_stated(call):
    """By name and value; a name that is none, a value that is none, and one out of range are a sentence each."""
    stated = printed(call("decide", "--assume", "gpu_usd_per_hour=2.5", "--assume", "min_replicas=3", "--json"))

    tune = next(o for o in stated["bill"]["options"] if o["kind"] == "fine-tune")
    assert tune["month_usd"]["hosting"] == pytest.approx(3 * 2.5 * 730.485)
    assert "retrain_every_months" in sentence(call("decide", "--assume", "gpu=2"))
    assert "'two' is not a number" in sentence(call("decide", "--assume", "gpu_usd_per_hour=two"))
    assert "'1.5' is not a whole number" in sentence(call("decide", "--assume", "min_replicas=1.5"))
    assert "expected a number above 0" in sentence(call("decide", "--assume", "gpu_usd_per_hour=0"))


@pytest.mark.usefixtures("decided")
def test_decide_passes_one_of_several_verdicts_and_says_what_it_found_instead(call):
    """A gate with two wanted verdicts passes with either; a miss is said on stderr."""
    words = ("--fail-unless", "ship the prompt", "--fail-unless", "collect labels, few-shot meanwhile")
    missed = call("decide", "--fail-unless", "ship the prompt")

    assert call("decide", *words).exit_code == 0
    assert missed.exit_code == 1
    assert "the verdict is 'collect labels, few-shot meanwhile', not 'ship the prompt'." in missed.stderr


@pytest.mark.usefixtures("decided")
def test_the_memo_is_written_from_a_workspace_or_a_published_file(call, tmp_path):
    """Markdown or HTML by the suffix; another suffix is a sentence."""
    call("publish", "p.sqlite", "--without-texts")

    assert call("decide", "--memo", "memo.md").exit_code == 0
    assert call("decide", "--store", "p.sqlite", "--memo", "memo.html").exit_code == 0
    assert "## What would change it" in (tmp_path / "memo.md").read_text(encoding="utf-8")
    assert "<h2>What would change it</h2>" in (tmp_path / "memo.html").read_text(encoding="utf-8")
    assert "name it *.md or *.html" in sentence(call("decide", "--memo", "memo.pdf"))


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("words", [
    ("decide", "--memo", "other.md"), ("decide", "--memo", "other.html"), ("export", "."),
    ("export", "docs", "--recipe", "Qwen/Qwen3-8B")])
def test_files_of_others_are_replaced_by_force_alone(call, tmp_path, words):
    """What this command did not write stays as it is, and the sentence says how it would be replaced."""
    theirs = {"other.md": "# Mine", "other.html": "<!doctype html>\n<p>Mine", "train.jsonl": "{}",
              "docs/README.md": "# Mine"}
    (tmp_path / "docs").mkdir()
    for name, text in theirs.items():
        (tmp_path / name).write_text(text)

    line = sentence(call(*words))
    assert "is there already" in line
    assert "replace it with --force" in line
    assert {name: (tmp_path / name).read_text() for name in theirs} == theirs
    assert [call(*words, *force).exit_code for force in (("--force",), ())] == [0, 0]


@pytest.mark.usefixtures("decided")
def test_a_workspace_is_not_replaced_by_a_published_file(call, tmp_path):
    """Publishing onto the workspace's own file, or onto any that was not published, changes nothing."""
    before = (tmp_path / "workspace/store.sqlite").read_bytes()

    assert "is there already and is no published file. Name another." in sentence(
        call("publish", "workspace/store.sqlite"))
    assert (tmp_path / "workspace/store.sqlite").read_bytes() == before
    assert [call("publish", "p.sqlite").exit_code for _ in range(2)] == [0, 0]


def test_predictions_replace_predictions_alone(call, tickets):
    """`run --out` again is fine; onto the labeled set itself it is refused before anything is asked."""
    words = ("run", "--data", tickets, "--variants", "variants.yaml", "--out")
    before = tickets.read_bytes()

    assert "tickets.csv is there already and is not of this command." in sentence(call(*words, tickets))
    assert tickets.read_bytes() == before
    for _ in range(2):
        assert "out.csv: 15 predictions.\n" in call(*words, "out.csv").stderr


def test_without_a_workspace_there_is_nothing_to_decide(call, tmp_path):
    """Deciding and publishing name the place, and make nothing there."""
    for words in (("decide",), ("decide", "--json"), ("publish", "p.sqlite")):
        result = call(*words)
        assert "There is no workspace at workspace/store.sqlite" in sentence(result)
        assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("decided")
def test_publish_and_verify(call, tmp_path):
    """The published file verifies with status 0; cut at a place where it hurts, it is refused or differs."""
    published = call("publish", "p.sqlite")
    verified = call("verify", "p.sqlite")

    assert published.stdout.startswith("p.sqlite: tickets, 1 variants, 45 cases.")
    assert (published.exit_code, verified.exit_code) == (0, 0)
    assert verified.stdout == "p.sqlite: every number follows from its answers.\n"
    assert "cannot be written" in sentence(call("publish", "tickets.csv/p.sqlite"))
    assert "is not a published file" in sentence(call("verify", "tickets.csv"))
    assert "There is no published file" in sentence(call("verify", "nothing.sqlite"))
    assert "is not a published file" in sentence(
        call("app", "tickets.csv"), after=["Starting the read-only app over tickets.csv ..."])


@pytest.mark.usefixtures("decided")
def test_a_figure_that_does_not_follow_fails_the_gate(call, tmp_path):
    """Status 1 and one line for each figure, with what the file says and what its answers give."""
    call("publish", "p.sqlite")
    altered = (tmp_path / "p.sqlite").read_bytes().replace(b'"labels": 45', b'"labels": 99', 1)
    (tmp_path / "p.sqlite").write_bytes(altered)

    result = call("verify", "p.sqlite")

    assert result.exit_code == 1
    assert "evidence.labels: the file says 99, its answers give 45.\n" in result.stdout
    assert all(": the file says 99, its answers give 45." in line for line in result.stdout.splitlines())


# --- the program as a process

@contextlib.contextmanager
def process(*words, cwd, **environment):
    """The command as a process of its own, killed at the end if it still runs."""
    started = subprocess.Popen(
        [*PROGRAM, *map(str, words)], cwd=cwd, env=os.environ | environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def test_json_is_all_of_stdout(tickets, tmp_path):
    """In a real process too: one object, nothing else, nothing on stderr."""
    with process("check", tickets, "--json", cwd=tmp_path) as started:
        out, err = started.communicate(timeout=60)

    assert started.returncode == 0
    assert json.loads(out)["rows"] == 45
    assert err == ""


@pytest.mark.parametrize(("command", "after"), [
    ("embedded", []), ("app", ["Starting the read-only app over the demonstration ..."])])
def test_an_occupied_port_is_one_sentence(tmp_path, monkeypatch, call, command, after):
    """Nothing is started or built where another program listens; another port is suggested."""
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = sentence(call(command, "--port", port), after=after)

    assert list(tmp_path.iterdir()) == []
    assert line.startswith(f"promptceiling: Port {port} on 127.0.0.1 cannot be used: Address already in use.")
    assert ("make app PORT" in line) == (command == "app")


def test_the_embedded_server_serves_until_interrupted(tmp_path, tickets, free_port, call):
    """It lists its model and answers a run over HTTP; Ctrl-C ends it within ten seconds."""
    url = f"http://127.0.0.1:{free_port}/v1"
    with process("embedded", "--port", free_port, cwd=tmp_path) as server:
        assert url in server.stderr.readline()
        deadline = time.monotonic() + 30
        models = None
        while models is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/models", timeout=5) as answer:  # noqa: S310
                models = json.load(answer)
        found = printed(call("run", "--data", tickets, "--variants", "variants.yaml", "--base-url", url, "--model",
                             "embedded-in-context", "--json"))
        server.send_signal(signal.SIGINT)
        server.wait(10)

    assert [model["id"] for model in models["data"]] == ["embedded-in-context"]
    assert found["outcomes"] == {"answered": 15}
    assert server.returncode == 130


def test_an_interrupted_run_keeps_what_came_and_ends_at_once(tmp_path, tickets):
    """Ctrl-C while a server is silent: status 130 within ten seconds, a sentence, no traceback."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with process("run", "--data", tickets, "--variants", "variants.yaml", "--base-url", url, "--model", "m",
                     cwd=tmp_path) as started:
            connection = silent.accept()[0]
            connection.settimeout(60)
            assert connection.recv(4)
            started.send_signal(signal.SIGINT)
            out, err = started.communicate(timeout=10)
            connection.close()

    assert started.returncode == 130
    assert out == ""
    assert err == "Interrupted; every answer that came is kept.\n"


# --- export


def test_export_writes_checked_files_and_a_recipe(call, tickets, tmp_path):
    """Both files and the recipe are in the folder; the JSON tells counts, tokens and checks; no test text is there."""
    result = call("export", "tuned", "--data", tickets, "--recipe", "Qwen/Qwen3-8B", "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["train"], told["validation"]) == (0, 15, 15)
    assert {"train.jsonl", "validation.jsonl", "trl.yaml", "axolotl.yaml", "serve.sh", "variants.yaml",
            "README.md", "trl_data"} == {p.name for p in (tmp_path / "tuned").iterdir()}
    with tickets.open(encoding="utf-8") as file:
        sealed = [row["input"] for row in csv.DictReader(file) if row["split"] == "test"]
    assert not [text for text in sealed if text in (tmp_path / "tuned" / "train.jsonl").read_text("ascii")]


def test_export_takes_the_best_prompt_of_the_workspace(call, tickets):
    """Without --data the latest set and the best variant are taken; another one is named, and an unknown one told."""
    call("run", "--data", tickets)

    assert json.loads(call("export", "a", "--json").stdout)["variant"].endswith("as trained")
    assert "zero-shot: 15 train" in call("export", "b", "--variant", "zero-shot").stdout
    assert "There is no variant 'x'; there is" in sentence(call("export", "c", "--variant", "x"))


def test_export_refuses_leaks_and_blocks_with_status_1(call, tmp_path):
    """A leak is one sentence and no file; fewer examples than the service takes give the files and status 1."""
    cases = [case | {"split": ("train", "validation", "test")[(k // 3) % 3]} for k, case in enumerate(made_cases(45))]
    cases[0] |= {"input": cases[7]["input"].upper()}
    leaking = written(tmp_path / "leaking.csv", cases)
    small = written(tmp_path / "small.csv", [
        case | {"split": ("train", "validation", "test")[(k // 3) % 3]} for k, case in enumerate(made_cases(24))])

    assert "first: row 1" in sentence(call("export", "a", "--data", leaking))
    assert not (tmp_path / "a").exists()
    assert call("export", "a", "--data", leaking, "--leave-out-leaks").exit_code == 0
    result = call("export", "b", "--data", small, "--model", "gpt-4o-mini")
    assert (result.exit_code, "the limit is 10" in result.stdout) == (1, True)


def test_export_tells_a_closing_service(call, tickets):
    """The base model's service is held against the table of services, with its last day."""
    result = call("export", "a", "--data", tickets, "--model", "gpt-4o-mini")

    assert "2027-01-06" in result.stdout
    assert "about $" in result.stdout
