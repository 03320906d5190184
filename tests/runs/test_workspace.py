import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pandas as pd
import pytest
from sqlalchemy import Float, Integer, Text
from sqlalchemy.exc import SQLAlchemyError
from tests.made_up import made_cases, made_set

from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import Notice, split_labeled_set
from promptceiling.prompts import Field, PromptVariant, standard_variants
from promptceiling.runs import Workspace, schema
from promptceiling.runs.answer import Answer
from promptceiling.runs.sqlite_file import journal_of, wal_is_safe

FIELD = Field("category", ("access", "billing"), (("billing", "money — €"),))
VARIANT = PromptVariant("v", (FIELD,), shots=3, parent="u")
ANSWER = Answer("billing", "m-2026", "stop", None, 10, 4, 2, 1, 0.25, 2)


def files(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def labeled(n=12, **further):
    return split_labeled_set(made_set([case | further for case in made_cases(n)]))


def started(workspace, labeled_set, keys, *, split="validation", model="m"):
    """A run that asks one item for each key."""
    ids = labeled_set.cases["id"]
    return workspace.start_run(labeled_set.key, split, "http://h/v1", model,
                               [(VARIANT, ids.iloc[k % len(ids)], 0, key) for k, key in enumerate(keys)])


def test_labeled_set_comes_back_as_it_was_saved(workspace):
    """Cases, their order, types and hashes, the name and the notices survive the store."""
    labeled_set = labeled(expected_priority="high", note="“x” \x00 😀")
    labeled_set = replace(labeled_set, notices=(Notice("empty_label", "2 rows …", (3, 4)),))
    loaded = workspace.load_set(workspace.save_set(labeled_set))

    pd.testing.assert_frame_equal(loaded.cases, labeled_set.cases.astype(loaded.cases.dtypes))
    assert (loaded.name, loaded.notices, loaded.key) == (labeled_set.name, labeled_set.notices, labeled_set.key)


def test_saving_a_set_again_changes_nothing(workspace):
    """The same set has one key and is kept once."""
    assert workspace.save_set(labeled()) == workspace.save_set(labeled())
    assert len(workspace.sets()) == 1


def test_latest_set_is_that_of_the_latest_run(workspace):
    """Without a key the set of the latest run is loaded, else the one saved last."""
    first, second = labeled(12), labeled(15)
    workspace.save_set(first)
    workspace.save_set(second)
    saved_last = workspace.load_set().key
    workspace.finish_run(started(workspace, first, ["k"]), "done")

    assert saved_last in (first.key, second.key)
    assert workspace.load_set().key == first.key


@pytest.mark.parametrize("key", [None, "0123456789abcdef"])
def test_missing_set_is_told_with_the_way_to_one(workspace, key):
    """An empty workspace names itself and the command that fills it."""
    with pytest.raises(WorkspaceError, match=r" holds no labeled set.* Run `promptceiling run --data FILE`"):
        workspace.load_set(key)


def test_variants_come_back_equal(workspace):
    """A variant that was kept is the one that was asked, to its fingerprint."""
    variants = [VARIANT, *standard_variants(labeled(expected_priority="high"))]
    workspace.save_variants(variants)
    workspace.save_variants(variants)
    loaded = workspace.variants()

    assert loaded == {(v.fingerprint, v.name): v for v in variants}
    assert all(key[0] == v.fingerprint for key, v in loaded.items())
    assert loaded[VARIANT.fingerprint, "v"].parent == "u"


def test_answer_comes_back_as_it_was_kept(workspace):
    """Every field of an answer survives, a text with half a character and one in any script among them."""
    labeled_set = labeled()
    texts = ["billing", "", "\ud83d", "\x00\r\n", "请退款 😀"]
    started(workspace, labeled_set, [f"k{k}" for k in range(len(texts))])
    workspace.save_set(labeled_set)
    for k, text in enumerate(texts):
        workspace.save_answer(f"k{k}", replace(ANSWER, text=text))
    items = workspace.items(labeled_set.key)

    assert items["text"].tolist() == texts
    assert items.iloc[0][[k for k in asdict(ANSWER) if k != "text"]].to_dict() == {
        k: v for k, v in asdict(ANSWER).items() if k != "text"}


def test_items_come_in_the_order_asked_with_or_without_an_answer(workspace):
    """Every item of every run is listed in order; where no answer came its columns are missing."""
    labeled_set = labeled()
    one, two = started(workspace, labeled_set, ["c", "a", "b"]), started(workspace, labeled_set, ["a"], model="n")
    workspace.save_answer("a", ANSWER)
    items = workspace.items(labeled_set.key)

    assert items["run_id"].tolist() == [one] * 3 + [two]
    assert items["request_key"].tolist() == ["c", "a", "b", "a"]
    assert items["received_at"].notna().tolist() == [False, True, False, True]


def test_items_of_another_set_are_not_listed(workspace):
    """Runs belong to the labeled set that they were made on."""
    started(workspace, labeled(12), ["a"])

    assert workspace.items(labeled(15).key).empty


def test_later_answer_replaces_a_failure(workspace):
    """One request has one answer: the one that came last."""
    labeled_set = labeled()
    started(workspace, labeled_set, ["a"])
    workspace.save_answer("a", Answer(error_kind="server", error="6 sends; at last the server answered 500."))
    workspace.save_answer("a", ANSWER)
    items = workspace.items(labeled_set.key)

    assert items["text"].tolist() == ["billing"]
    assert items["error_kind"].isna().all()


@pytest.mark.parametrize(("answer", "usable"), [
    (ANSWER, True), (replace(ANSWER, text="no label"), True), (replace(ANSWER, finish_reason="length"), True),
    (replace(ANSWER, finish_reason=None), True), (replace(ANSWER, refusal="No."), False),
    (replace(ANSWER, finish_reason="content_filter"), False), (Answer(error_kind="timeout"), False),
])
def test_failures_and_refusals_are_asked_again(workspace, answer, usable):
    """An answer that was paid for is used again, whatever it says; a failure and a refusal are not."""
    workspace.save_answer("a", answer)

    assert workspace.usable_keys(["a", "b"]) == ({"a"} if usable else set())


@pytest.mark.parametrize(("split", "opened"), [("train", 0), ("validation", 0), ("test", 1), ("all", 1)])
def test_opening_the_test_split_is_written_to_the_ledger(workspace, split, opened):
    """A run that touches the sealed split is in the ledger with its variant, model, run and time, before any answer."""
    labeled_set = labeled()
    run_id = started(workspace, labeled_set, ["a", "b"], split=split)
    ledger = workspace.openings(labeled_set.key)

    assert len(ledger) == opened
    if opened:
        assert ledger.iloc[0][["fingerprint", "variant", "model", "run_id"]].tolist() == [
            VARIANT.fingerprint, "v", "m", run_id]
        assert ledger["opened_at"].iloc[0].endswith("+00:00")


def test_every_opening_counts(workspace):
    """Opened twice, the ledger says so twice."""
    labeled_set = labeled()
    for _ in range(2):
        started(workspace, labeled_set, ["a"], split="test")

    assert len(workspace.openings(labeled_set.key)) == 2


def test_latencies_and_jobs_come_back(workspace):
    """Measured seconds, and a job with its losses, are kept by labeled set; a job's new state replaces the old."""
    workspace.save_latencies("s", VARIANT, "http://h/v1", "m", [0.1, 0.2])
    job = {"job_id": "j", "set_key": "s", "fingerprint": "f", "base_url": "u", "base_model": "m", "status": "running",
           "seed": 1, "examples": 10, "created_at": "2026-11-23"}
    workspace.save_job(job)
    workspace.save_job(job | {"status": "succeeded", "losses": [[1, 0.5]], "fine_tuned_model": "ft"})
    [kept] = workspace.jobs("s").to_dict("records")

    assert workspace.latencies("s")["seconds"].tolist() == [0.1, 0.2]
    assert (kept["status"], kept["losses"], kept["fine_tuned_model"]) == ("succeeded", [[1, 0.5]], "ft")
    assert workspace.latencies("other").empty
    assert workspace.jobs("other").empty


def test_answers_survive_a_killed_process(tmp_path):
    """Each answer is committed as it is kept: a process that dies after three leaves three."""
    code = """
import os, sys
from promptceiling.runs import Workspace
from promptceiling.runs.answer import Answer
workspace = Workspace(sys.argv[1])
for k in range(3):
    workspace.save_answer(f"k{k}", Answer("billing"))
os._exit(9)
"""
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env={"PYTHONPATH": ":".join(sys.path)})

    with Workspace(tmp_path, read_only=True) as workspace:
        assert workspace.usable_keys(["k0", "k1", "k2", "k3"]) == {"k0", "k1", "k2"}
    assert ended.returncode == 9


def test_two_that_write_at_once_both_succeed(tmp_path):
    """Two open workspaces over one file write in turn without a lock error."""
    with Workspace(tmp_path) as one, Workspace(tmp_path / "store.sqlite") as other:
        for k in range(10):
            (one if k % 2 else other).save_answer(f"k{k}", ANSWER)

        assert len(one.usable_keys([f"k{k}" for k in range(10)])) == 10


@pytest.mark.parametrize("store", ["", "deep/er", "mine.sqlite", "mine.db", "100% ?#é.sqlite"])
def test_folder_file_or_url_names_the_workspace(tmp_path, store):
    """A folder holds `store.sqlite`, a file is itself, and a sqlite URL is the same; odd characters are no matter."""
    path = tmp_path / store
    file = path if path.suffix else path / "store.sqlite"
    with Workspace(path) as workspace:
        workspace.save_answer("a", ANSWER)

    with Workspace(f"sqlite:///{path}", read_only=True) as again:
        assert again.usable_keys(["a"]) == {"a"}
        assert (again.where, again.folder) == (str(file), file.parent)
    assert file.is_file()


def test_read_only_workspace_creates_and_changes_nothing(tmp_path):
    """Reading leaves the file's bytes and the folder as they are, and every write fails."""
    with Workspace(tmp_path) as workspace:
        workspace.save_set(labeled())
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    with Workspace(tmp_path, read_only=True) as workspace:
        assert len(workspace.load_set()) == 12
        with pytest.raises(WorkspaceError, match="is open to be read only"):
            workspace.save_answer("a", ANSWER)

    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize("left", [("-wal", "-shm"), ("-wal",)])
def test_reading_what_a_killed_process_left_leaves_no_trace(tmp_path, left):
    """The log and its index, or the log alone: every answer is read, no file is made or changed, no copy is left."""
    code = """
import os, sys
from promptceiling.runs import Workspace
from promptceiling.runs.answer import Answer
workspace = Workspace(sys.argv[1])
workspace.save_answer("a", Answer("billing"))
os._exit(9)
"""
    store, temporary = tmp_path / "store", tmp_path / "temporary"
    temporary.mkdir()
    subprocess.run([sys.executable, "-c", code, str(store)], env={"PYTHONPATH": ":".join(sys.path)}, check=False)
    for path in store.glob("store.sqlite-*"):
        if path.name.removeprefix("store.sqlite") not in left:
            path.unlink()
    before = files(store)
    assert {path.name for path in before} == {"store.sqlite", *(f"store.sqlite{end}" for end in left)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        with Workspace(store, read_only=True) as workspace:
            assert workspace.usable_keys(["a"]) == {"a"}
            with pytest.raises(SQLAlchemyError), workspace.engine.begin() as connection:
                connection.exec_driver_sql("DELETE FROM answers")

    assert files(store) == before
    assert list(temporary.iterdir()) == []


def test_a_reader_beside_a_writer_sees_what_is_committed(tmp_path):
    """Each answer is there for an open reader as soon as it is kept."""
    with Workspace(tmp_path) as writer:
        writer.save_answer("a", ANSWER)
        with Workspace(tmp_path, read_only=True) as reader:
            assert reader.usable_keys(["a", "b"]) == {"a"}
            writer.save_answer("b", ANSWER)
            assert reader.usable_keys(["a", "b"]) == {"a", "b"}


def test_read_only_workspace_must_be_there(tmp_path):
    """Reading what is not there says so and makes no folder."""
    with pytest.raises(WorkspaceError, match=r"There is no workspace at .*nowhere/store\.sqlite"):
        Workspace(tmp_path / "nowhere", read_only=True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read_only", [True, False])
def test_file_that_is_no_database_is_refused_by_name(tmp_path, read_only):
    """A file of another kind is named, and is left as it is."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"not a database, and long enough to be looked at" * 30)

    with pytest.raises(WorkspaceError, match=r"The workspace .*store\.sqlite cannot be .*: file is not a database"):
        Workspace(path, read_only=read_only)

    assert path.read_bytes().startswith(b"not a database")


def test_database_of_something_else_is_not_read(tmp_path):
    """A SQLite file without our tables is refused when it is opened to be read."""
    sqlite3.connect(tmp_path / "store.sqlite").execute("CREATE TABLE other (x)").connection.close()

    with pytest.raises(WorkspaceError, match="cannot be read: no such table"):
        Workspace(tmp_path, read_only=True)


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    """A path below a file names what stands in the way and the option that chooses another."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(WorkspaceError, match=r"file/below cannot be made: .*\. Name another with --store\."):
        Workspace(tmp_path / "file" / "below")


def test_workspace_of_a_newer_version_is_refused(tmp_path):
    """What a later version wrote is not misread by this one."""
    with Workspace(tmp_path), sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '999'")

    with pytest.raises(WorkspaceError, match=r"was written by a newer version of this program\. Update it\."):
        Workspace(tmp_path)


@pytest.mark.parametrize("url", ["nonsense://h/db", "postgresql://", "postgresql+nodriver://me:secret@h/db"])
def test_url_that_cannot_be_used_is_refused_without_its_password(url):
    """A store's URL with an unknown or missing driver is refused in a sentence, and its password is not repeated."""
    with pytest.raises(WorkspaceError) as caught:
        Workspace(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("version", "safe"), [
    ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
    ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True), ((4, 0, 0), True)])
def test_write_ahead_log_only_where_it_is_safe(version, safe):
    """The corruption bug is mended in 3.51.3 and, in their own lines, from 3.50.7 and 3.44.6 on."""
    assert wal_is_safe(version) is safe


@pytest.mark.parametrize(("version", "locks", "journal"), [
    ((3, 40, 1), True, "WAL"), ((3, 40, 1), False, "TRUNCATE"), ((3, 51, 3), False, "WAL")])
def test_older_sqlite_keeps_a_log_only_where_writers_take_turns(tmp_path, version, locks, journal):
    """Without the bug, or with one writer at a time, there is a write-ahead log; else a rollback journal."""
    assert journal_of(tmp_path, version=version, locks=locks) == journal


@pytest.mark.parametrize(("kind", "journal"), [("ext4", "WAL"), ("nfs4", "TRUNCATE"), ("cifs", "TRUNCATE")])
def test_network_file_system_keeps_a_rollback_journal(tmp_path, monkeypatch, kind, journal):
    """A folder that is mounted from elsewhere never holds a write-ahead log, whatever its parent is on."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} {kind} rw 0 0\n")
    monkeypatch.setattr("promptceiling.runs.sqlite_file._MOUNTS", mounts)

    assert journal_of(tmp_path / "deeper", version=(3, 51, 3), locks=True) == journal


def test_closed_workspace_is_one_file_that_any_reader_opens(tmp_path):
    """The last to close takes the log along, so that a folder that cannot be written can be read."""
    with Workspace(tmp_path) as one:
        with Workspace(tmp_path) as other:
            other.save_answer("a", ANSWER)
        one.save_answer("b", ANSWER)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["store.sqlite", "store.sqlite-lock"]
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_writers_take_turns(tmp_path):
    """While one workspace holds the lock, a write of another waits for it."""
    with Workspace(tmp_path) as one, Workspace(tmp_path) as other:
        with one.lock:
            late = threading.Thread(target=other.save_answer, args=("a", ANSWER))
            late.start()
            assert one.usable_keys(["a"]) == set()
        late.join(30)

        assert one.usable_keys(["a"]) == {"a"}


def test_two_that_keep_one_set_at_once_keep_it_once(workspace, store):
    """Whoever comes second finds what the first one kept, however close they are."""
    kept, others = labeled(), [Workspace(store, durable=False) for _ in range(4)]
    together = threading.Barrier(4)

    def keep(other):
        together.wait(30)
        return other.save_set(kept)

    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(keep, others))
    for other in others:
        other.close()

    assert keys == {kept.key}
    assert len(workspace.load_set(kept.key)) == 12


def test_one_of_all_processes_has_the_turn(workspace, store):
    """While one has it nobody else gets it, be it through the same or another open workspace; then it is free again."""
    with Workspace(store) as other:
        with workspace.turn() as mine, other.turn() as theirs, workspace.turn() as again:
            assert (mine, theirs, again) == (True, False, False)
            other.save_answer("a", ANSWER)  # other writes go on
        with other.turn() as theirs:
            assert theirs


def test_tables_hold_words_and_numbers_alone():
    """No column is binary or pickled, and what is kept of an answer is a list that names no header and no key."""
    kinds = {type(column.type) for table in schema.metadata.tables.values() for column in table.columns}

    assert kinds <= {Text, Integer, Float}
    assert set(schema.answers.columns.keys()) == {"request_key", "received_at", *asdict(ANSWER)}


def test_stored_text_is_ascii(tmp_path):
    """Texts stand in the file as ASCII JSON, which every tool reads and no encoding breaks."""
    with Workspace(tmp_path) as workspace:
        workspace.save_answer("a", replace(ANSWER, text="请退款 \ud83d"))
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        [(text,)] = connection.execute("SELECT text FROM answers").fetchall()

    assert text.isascii()
    assert json.loads(text) == "请退款 \ud83d"


def test_empty_workspace_has_frames_with_columns(workspace):
    """Nothing kept yet is an empty frame with its columns, not an error."""
    assert {"set_key", "name"} <= set(workspace.sets().columns)
    assert {"run_id", "text", "error_kind"} <= set(workspace.items("none").columns)
    assert workspace.openings("none").empty
    assert workspace.variants() == {}
