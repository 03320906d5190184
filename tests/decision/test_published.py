import asyncio
import contextlib
import itertools
import json
import math
import os
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tests.decision.small_run import small_set, small_workspace
from tests.made_up import made_cases, made_set
from tests.runs.misbehaving_server import completion, serving

from promptceiling.decision import Assumptions, decide, gather, publish, read_published, verify
from promptceiling.decision.evidence import evidence_to_json
from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import standard_variants
from promptceiling.runs import Endpoint, Workspace, price_table, run_variants

KEY = "sk-canary-7f31c0de9a5b44"


@pytest.fixture(scope="module")
def workspace_folder(tmp_path_factory):
    """A workspace with the whole small run, made while a key was in the environment."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        small_workspace(folder)
    return folder


@pytest.fixture(scope="module")
def original(workspace_folder, tmp_path_factory):
    """The published file of the small run."""
    path = tmp_path_factory.mktemp("published") / "tickets.sqlite"
    with Workspace(workspace_folder, read_only=True) as workspace:
        publish(workspace, path, assumptions=Assumptions(f1_ship=0.8))
    return path


@pytest.fixture
def file(original, tmp_path):
    """A copy that a test may alter."""
    path = Path(shutil.copy(original, tmp_path / "copy.sqlite"))
    path.chmod(0o644)
    return path


def altered(file, *statements):
    connection = sqlite3.connect(file)
    with connection:
        for statement, *values in statements:
            assert connection.execute(statement, values).rowcount
    connection.close()
    return file


def altered_evidence(file, change):
    """The file once `change` has worked on its stored evidence."""
    connection = sqlite3.connect(file)
    ((text,),) = connection.execute("SELECT value FROM published WHERE name = 'evidence'").fetchall()
    connection.close()
    stored = json.loads(text)
    change(stored)
    return altered(file, ("UPDATE published SET value = ? WHERE name = 'evidence'", json.dumps(stored)))


# --- the way there and back

def test_what_was_published_is_read_back(workspace_folder, original):
    """Evidence, assumptions and prices of the file are those of the workspace, and give the same decision."""
    found = read_published(original)
    with Workspace(workspace_folder, read_only=True) as workspace:
        evidence = gather(workspace)

    assert evidence_to_json(found.evidence) == evidence_to_json(evidence)
    assert found.assumptions == Assumptions(f1_ship=0.8)
    assert found.prices == price_table()
    assert decide(found.evidence, found.assumptions, found.prices).as_json() == decide(
        evidence, Assumptions(f1_ship=0.8), price_table()).as_json()


def test_the_small_run_rests_on_everything(original):
    """All seven rows have a figure: three prompts, latency, cost, plateau, both alternatives, the opened test split."""
    evidence = read_published(original).evidence

    assert len(evidence.prompts) == 3
    assert {a.kind for a in evidence.alternatives} == {"local", "fine-tune"}
    assert {a.split for a in evidence.alternatives} == {"test"}
    assert evidence.test_f1 is not None
    assert evidence.best.p95_ms.n == 20
    assert len(evidence.openings) == 3
    assert sum(map(sum, evidence.confusion)) == evidence.splits["validation"] == evidence.best.score.scored


def test_every_number_follows_from_the_answers(original):
    """An untouched file verifies, and verifying changes nothing in it."""
    before = original.read_bytes()

    assert verify(original) == []
    assert original.read_bytes() == before


def test_publishing_again_replaces_the_file(workspace_folder, tmp_path):
    """One file is left, with the second publication's assumptions; the first is not merged into it."""
    path = tmp_path / "new folder" / "p.sqlite"
    with Workspace(workspace_folder, read_only=True) as workspace:
        publish(workspace, path)
        publish(workspace, path, assumptions=Assumptions(sla_ms=50.0))

    assert [p.name for p in path.parent.iterdir()] == ["p.sqlite"]
    assert read_published(path).assumptions.sla_ms == 50.0


def test_only_the_published_set_is_in_the_file(workspace_folder, tmp_path):
    """A workspace with two labeled sets publishes one: no text of the other's cases is in the file."""
    folder = shutil.copytree(workspace_folder, tmp_path / "two")
    other = split_labeled_set(made_set(made_cases(40)))
    with Workspace(folder) as workspace:
        asyncio.run(run_variants(workspace, other, standard_variants(other)[:1], Endpoint()))
        first = publish(workspace, tmp_path / "first.sqlite", set_key=small_set().key)
        latest = publish(workspace, tmp_path / "latest.sqlite")

    text = other.cases["input"].iloc[0].encode()
    assert (first.evidence.name, latest.evidence.name) == ("support_tickets", "made")
    assert text not in (tmp_path / "first.sqlite").read_bytes()
    assert text in (tmp_path / "latest.sqlite").read_bytes()
    assert verify(tmp_path / "first.sqlite") == verify(tmp_path / "latest.sqlite") == []


# --- alterations

ONE = ("WHERE request_key = (SELECT request_key FROM items JOIN runs USING (run_id) "
       "WHERE variant = '5 similar shots' AND split = 'validation' LIMIT 1)")
WRONG = json.dumps(json.dumps({"category": "billing", "confidence": 1.0}))


def cut_n(stored):
    stored["labels"] += 1


def raise_f1(stored):
    stored["prompts"][0]["score"]["f1_weighted"]["value"] += 1e-6


def widen(stored):
    stored["prompts"][1]["score"]["accuracy"]["low"] = 0.0


def certify(stored):
    stored["plateau"]["state"] = "confirmed"


def forget_opening(stored):
    stored["openings"].pop()


def swap(stored):
    stored["prompts"].reverse()


def flatter(stored):
    stored["alternatives"][-1]["comparison"]["delta_f1_weighted"]["value"] = 0.2


def own_up(stored):
    stored["embedded"] = False


@pytest.mark.parametrize(("change", "where"), [
    (cut_n, "evidence.labels:"), (raise_f1, "evidence.prompts[0].score.f1_weighted.value:"),
    (widen, "evidence.prompts[1].score.accuracy.low:"), (certify, "evidence.plateau.state:"),
    (forget_opening, "evidence.openings:"), (swap, "evidence.prompts[0]"),
    (flatter, "comparison.delta_f1_weighted.value:"), (own_up, "evidence.embedded:"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_a_stored_figure_that_was_changed_is_named(file, change, where):
    """Verify says which figure, what the file says, and what its answers give."""
    differences = verify(altered_evidence(file, change))

    assert any(where in line for line in differences), differences
    assert all(": the file says " in line and ", its answers give " in line for line in differences)


@pytest.mark.parametrize(("statement", "where"), [
    (f"UPDATE answers SET text = '{json.dumps('no idea')}' {ONE}", "score.f1_weighted.value:"),  # noqa: S608
    (f"UPDATE answers SET text = '{WRONG}' WHERE request_key IN "  # noqa: S608
     "(SELECT request_key FROM items WHERE variant = 'local classifier')", "alternatives"),
    (f"UPDATE answers SET error_kind = 'timeout' {ONE}", "score.scored:"),  # noqa: S608
    (f"UPDATE answers SET input_tokens = input_tokens + 100 {ONE}", "tokens.input.value:"),  # noqa: S608
    ("UPDATE latencies SET seconds = seconds / 2", "p95_ms"),
    ("DELETE FROM openings WHERE opening_id = (SELECT max(opening_id) FROM openings)", "evidence.openings"),
    ("UPDATE runs SET model = 'gpt-6-luna' WHERE model = 'embedded-in-context'", "embedded:"),
    ("DELETE FROM items WHERE variant = 'zero-shot'", "evidence.prompts"),
    ("DELETE FROM cases WHERE position = 0", "evidence.labels:"),
], ids=["text", "local", "failed", "tokens", "latency", "ledger", "model", "variant", "case"])
def test_an_answer_that_was_changed_is_found(file, statement, where):
    """Whatever the figures rest on: once it is altered, at least one figure no longer follows and is named."""
    differences = verify(altered(file, (statement,)))

    assert any(where in line for line in differences), differences
    assert all(len(line) < 400 for line in differences)


def test_a_label_that_was_changed_is_found(file):
    """Another expected label for one case changes the content hash, and so no figure follows any more."""
    differences = verify(altered(file, (
        "UPDATE cases SET record = replace(record, '\"billing\"', '\"integration\"') WHERE position = "
        "(SELECT min(position) FROM cases WHERE record LIKE '%\"billing\"%')",)))

    assert any(line.startswith("evidence.content_hash:") for line in differences)
    assert any(line.startswith("evidence.classes.billing:") for line in differences)


def leaves(value, where=()):
    """(path, number) of every number in stored JSON."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*where, key))
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield from leaves(inner, (*where, k))
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield where, value


def stored(file, name):
    connection = sqlite3.connect(file)
    ((text,),) = connection.execute("SELECT value FROM published WHERE name = ?", (name,)).fetchall()
    connection.close()
    return json.loads(text)


def said(where):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)


@pytest.mark.parametrize("seed", range(14))
def test_any_single_figure_that_is_altered_is_named(file, seed):
    """A number of the evidence (even seeds) or of the decision (odd ones), drawn from all of them and changed by a
    thousandth and a bit: the line names its place, and it is the only one."""
    name = ("evidence", "decision")[seed % 2]
    tree = stored(file, name)
    found = sorted(leaves(tree), key=lambda leaf: str(leaf[0]))
    where, value = found[np.random.default_rng(seed).integers(len(found))]
    inner = tree
    for part in where[:-1]:
        inner = inner[part]
    inner[where[-1]] = value + 1 if isinstance(value, int) else value * 1.001 + 1e-6
    altered(file, ("UPDATE published SET value = ? WHERE name = ?", json.dumps(tree), name))

    (line,) = verify(file)
    assert line.startswith(f"{name}{said(where)}: the file says ")


@pytest.mark.parametrize("seed", range(4))
def test_any_single_completion_that_is_altered_is_found(file, seed):
    """One answer of a prompt, given another label than it had: figures that rested on it are named, and its table."""
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "SELECT request_key, text FROM answers JOIN items USING (request_key) JOIN runs USING (run_id) WHERE split = "
        "'validation' AND variant LIKE '%shots' AND runs.model LIKE 'embedded%' ORDER BY request_key").fetchall()
    connection.close()
    key, text = rows[np.random.default_rng(seed).integers(len(rows))]
    label = next(x for x in ("billing", "integration") if x not in text)
    answer = json.dumps(json.dumps({"category": label, "confidence": 0.5}))
    differences = verify(altered(file, ("UPDATE answers SET text = ? WHERE request_key = ?", answer, key)))

    assert any(line.startswith("evidence.") for line in differences)
    assert differences[-1] == "Table answers: its rows are not those that were published."


@pytest.mark.parametrize("seed", range(2))
def test_any_single_label_that_is_altered_is_found(file, seed):
    """The content hash, the counts of both classes and the table of cases are named."""
    connection = sqlite3.connect(file)
    rows = connection.execute("SELECT position, record FROM cases ORDER BY position").fetchall()
    connection.close()
    position, record = rows[np.random.default_rng(seed).integers(len(rows))]
    was = json.loads(record)["expected_category"]
    label = next(x for x in ("billing", "integration") if x != was)
    differences = verify(altered(file, ("UPDATE cases SET record = ? WHERE position = ?", json.dumps(
        json.loads(record) | {"expected_category": label}), position)))

    for where in ("evidence.content_hash", f"evidence.classes.{was}", f"evidence.classes.{label}"):
        assert any(line.startswith(f"{where}:") for line in differences)
    assert "Table cases: its rows are not those that were published." in differences


@pytest.mark.parametrize(("change", "where"), [
    (("assumptions", "requests_per_month", 5e9), "decision.rows[4].value:"),
    (("assumptions", "gpu_usd_per_hour", 9.0), "decision.bill.options[2].month_usd.hosting:"),
    (("prices", "gpt-6-luna", "input_usd_per_mtok", 9.0), "decision.rows[4].value:"),
])
def test_a_stated_figure_that_is_altered_is_named_by_what_rests_on_it(file, change, where):
    """Assumptions and prices follow from no answer, but the decision follows from them."""
    name, *path, value = change
    tree = stored(file, name)
    inner = tree
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    differences = verify(altered(file, ("UPDATE published SET value = ? WHERE name = ?", json.dumps(tree), name)))

    assert any(line.startswith(where) for line in differences), differences


def test_a_change_that_moves_no_figure_is_told(file):
    """The time at which answers were received, which nothing rests on: their table is named."""
    assert verify(altered(file, ("UPDATE answers SET received_at = '2020' || substr(received_at, 5) WHERE request_key "
                                 "IN (SELECT request_key FROM items WHERE variant = 'local classifier')",))) == [
        "Table answers: its rows are not those that were published."]


# --- without texts

def test_without_texts_the_figures_stay_and_the_texts_are_gone(workspace_folder, original, tmp_path):
    """No ticket's text is in the file, not even in its free pages; every score, interval and row of the table is that
    of the file with texts, and it verifies."""
    path = tmp_path / "bare.sqlite"
    with Workspace(workspace_folder, read_only=True) as workspace:
        bare = publish(workspace, path, assumptions=Assumptions(f1_ship=0.8), texts=False)
        texts = workspace.load_set().cases["input"].tolist()
    whole, content = read_published(original), path.read_bytes()

    assert [t for t in texts if t[:40].encode() in content] == []
    assert [t for t in texts if t[:40].encode() in original.read_bytes()] != []
    assert verify(path) == []
    assert bare.decision["rows"][2:] == whole.decision["rows"][2:]
    assert [p.score for p in bare.evidence.prompts] == [p.score for p in whole.evidence.prompts]
    assert bare.text_hash == whole.evidence.content_hash != bare.evidence.content_hash
    assert (bare.texts, whole.texts) == (False, True)
    assert read_published(path).evidence.labels == whole.evidence.labels


def test_answers_without_their_prose_are_read_alike(tmp_path):
    """Prose around a label, a plain label and an answer without one: outcomes and predictions stay, words go."""
    labeled_set = small_set(40)
    said = itertools.cycle([completion("Surely SECRET: {\"category\": \"Billing\"}"), completion("SECRET, no idea"),
                            completion("billing.")])

    async def run():
        async with serving(lambda _: next(said)) as server:
            await run_variants(workspace, labeled_set, standard_variants(labeled_set)[:1], Endpoint(server.base_url))

    with Workspace(tmp_path / "w") as workspace:
        asyncio.run(run())
        whole = publish(workspace, tmp_path / "whole.sqlite")
        bare = publish(workspace, tmp_path / "bare.sqlite", texts=False)

    assert {"answered", "unparsed"} == set(whole.evidence.best.score.outcomes)
    assert bare.evidence.best.score == whole.evidence.best.score
    assert b"SECRET" in (tmp_path / "whole.sqlite").read_bytes()
    assert b"SECRET" not in (tmp_path / "bare.sqlite").read_bytes()
    assert verify(tmp_path / "bare.sqlite") == []


def test_publishing_again_takes_what_came_since_and_is_read_only(tmp_path):
    """Two more variants after the first publication: the second has all three, verifies, and nobody may write it."""
    labeled_set = small_set(40)
    variants = standard_variants(labeled_set)
    with Workspace(tmp_path / "w") as workspace:
        asyncio.run(run_variants(workspace, labeled_set, variants[:1], Endpoint()))
        before = publish(workspace, tmp_path / "p.sqlite")
        with Workspace(tmp_path / "w") as other:
            asyncio.run(run_variants(other, labeled_set, variants[1:], Endpoint()))
        after = publish(workspace, tmp_path / "p.sqlite")

    assert (len(before.evidence.prompts), len(after.evidence.prompts)) == (1, 3)
    assert verify(tmp_path / "p.sqlite") == []
    assert stat.S_IMODE((tmp_path / "p.sqlite").stat().st_mode) == 0o444


@pytest.mark.parametrize("statement", [
    "UPDATE answers SET text = 'not JSON'", "UPDATE cases SET record = '{}'", "UPDATE labeled_sets SET columns = 'x'",
    "DROP TABLE runs", "UPDATE variants SET body = '{}'", "UPDATE latencies SET seconds = -1",
    "DELETE FROM labeled_sets", "DELETE FROM variants",
])
def test_answers_that_cannot_be_read_are_one_sentence(file, statement):
    """A file whose answers were broken, not only changed, is refused by name."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()

    with pytest.raises(WorkspaceError) as caught:
        verify(file)
    assert str(caught.value).endswith(".")


# --- what is no published file

@pytest.mark.parametrize("content", [b"", b"id,input\n1,x\n", b"SQLite format 3\0" + b"x" * 500])
def test_a_file_that_is_not_published_is_refused(tmp_path, content):
    """An empty file, a CSV and a broken database are one sentence that says how to make one."""
    path = tmp_path / "other.sqlite"
    path.write_bytes(content)

    for read in (read_published, verify):
        with pytest.raises(WorkspaceError, match=r"is not a published file .*promptceiling publish FILE`\.$"):
            read(path)
    assert path.read_bytes() == content


def test_a_workspace_is_not_a_published_file(workspace_folder):
    """The store of a workspace holds no published evidence."""
    with pytest.raises(WorkspaceError, match="is not a published file"):
        read_published(workspace_folder / "store.sqlite")


def test_a_missing_file_is_named_and_not_made(tmp_path):
    """Reading creates nothing."""
    for read in (read_published, verify):
        with pytest.raises(WorkspaceError, match=r"There is no published file .*nothing\.sqlite"):
            read(tmp_path / "nothing.sqlite")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "value"), [
    ("evidence", "{}"), ("evidence", "not JSON"), ("assumptions", '{"f1_ship": -1}'), ("assumptions", '{"no": 1}'),
    ("prices", '{"m": {}}'), ("prices", "[]"),
])
def test_a_file_whose_values_are_not_its_own_is_refused(file, name, value):
    """Evidence, assumptions or prices that `publish` cannot have written: one sentence, for app and verify alike."""
    altered(file, ("UPDATE published SET value = ? WHERE name = ?", value, name))

    for read in (read_published, verify):
        with pytest.raises(WorkspaceError, match=r"was not written by this program's `publish`, or was altered\."):
            read(file)


def test_nothing_run_is_not_published(tmp_path):
    """An empty workspace has no labeled set to publish; no file is left."""
    with Workspace(tmp_path / "w") as workspace, pytest.raises(WorkspaceError, match="holds no labeled set yet"):
        publish(workspace, tmp_path / "p.sqlite")
    assert [p.name for p in tmp_path.iterdir()] == ["w"]


def test_a_place_that_cannot_be_written_is_one_sentence(workspace_folder, tmp_path):
    """Below a regular file there can be no file."""
    (tmp_path / "file").write_text("x")
    with (Workspace(workspace_folder, read_only=True) as workspace,
          pytest.raises(WorkspaceError, match=r"p\.sqlite cannot be written: .*\.$")):
        publish(workspace, tmp_path / "file" / "p.sqlite")


# --- keys and permissions

def test_no_key_is_in_the_workspace_or_the_published_file(workspace_folder, original):
    """Neither holds a byte of the key that was set while the embedded model answered."""
    files = [p for p in workspace_folder.rglob("*") if p.is_file()] + [original]

    assert len(files) > 5
    assert [p for p in files if KEY.encode() in p.read_bytes()] == []


def test_a_key_that_was_sent_and_echoed_is_not_published(tmp_path, monkeypatch):
    """A server receives the key and repeats it in its answers; the published file does not hold it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    labeled_set = small_set(40)

    async def run():
        def echo(request):
            return completion(f"billing {request.headers['authorization']}")

        async with serving(echo) as server:
            endpoint = Endpoint(server.base_url, "m")
            await run_variants(workspace, labeled_set, standard_variants(labeled_set)[:1], endpoint)
            return server.requests

    with Workspace(tmp_path) as workspace:
        requests = asyncio.run(run())
        publish(workspace, tmp_path / "p.sqlite")

    assert {r.headers["authorization"] for r in requests} == {f"Bearer {KEY}"}
    assert KEY.encode() not in (tmp_path / "p.sqlite").read_bytes()


@contextlib.contextmanager
def without_privileges():
    """As a user to whom permissions apply: root becomes "nobody" for the time being."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_it_opens_in_a_folder_that_nobody_can_write(original):
    """Reading and verifying need no journal, lock or other file beside the published one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = Path(shutil.copy(original, folder / "p.sqlite"))
        path.chmod(0o444)
        folder.chmod(0o555)
        try:
            with without_privileges():
                with pytest.raises(PermissionError):
                    (folder / "x").write_text("x")
                assert read_published(path).evidence.name == "support_tickets"
                assert verify(path) == []
            assert [p.name for p in folder.iterdir()] == ["p.sqlite"]
            assert stat.S_IMODE(path.stat().st_mode) == 0o444
        finally:
            folder.chmod(0o755)
