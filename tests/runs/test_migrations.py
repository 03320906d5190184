import sqlite3

import pytest
from sqlalchemy import create_engine, inspect
from tests.made_up import made_cases, made_set

from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import Field, PromptVariant
from promptceiling.runs import Workspace, completions, schema
from promptceiling.runs.answer import Answer
from promptceiling.runs.migrations import STEPS

SET = split_labeled_set(made_set(made_cases(12)))
VARIANT = PromptVariant("v", (Field("category", ("access", "billing")),))


def as_first_version(store):
    """Take from a workspace what came after version 1."""
    with Workspace(store) as workspace, workspace.writing() as connection:
        connection.exec_driver_sql("DROP TABLE sends")
        connection.exec_driver_sql("UPDATE meta SET value = '1'")


@pytest.fixture
def first_version(store):
    """A workspace with an answer, as version 1 left it: without what later steps brought."""
    with Workspace(store) as workspace:
        workspace.save_set(SET)
        workspace.save_variants([VARIANT])
        workspace.start_run(SET.key, "validation", "http://h/v1", "m", [(VARIANT, SET.cases["id"].iloc[0], 0, "k")])
        workspace.save_answer("k", Answer("billing", "m"))
    as_first_version(store)
    return store


def test_workspace_of_the_first_version_is_brought_to_this_one(first_version):
    """Opened to be written, it has this version's tables and number, and keeps every answer."""
    with Workspace(first_version) as workspace:
        assert workspace.sends().empty
        assert completions(workspace, SET)["text"].tolist() == ["billing"]
        with workspace.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT value FROM meta").scalar() == str(schema.VERSION)


def shape(store):
    """Every table with its columns, their types and its indexes, as the database tells them."""
    with Workspace(store) as workspace:
        found = inspect(workspace.engine)
        return {table: ([(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
                        sorted(i["name"] for i in found.get_indexes(table))) for table in found.get_table_names()}


def test_brought_tables_are_those_of_a_new_workspace(store):
    """The steps lead to the same columns, types and indexes as making the tables anew."""
    made = shape(store)
    as_first_version(store)

    assert shape(store) == made


def test_first_version_can_be_read_without_being_changed(tmp_path):
    """A published file of the first version is opened read-only and stays what it is."""
    with Workspace(tmp_path) as workspace:
        workspace.save_set(SET)
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.executescript("DROP TABLE sends; UPDATE meta SET value = '1'")
    before = (tmp_path / "store.sqlite").read_bytes()

    with Workspace(tmp_path, read_only=True) as workspace:
        assert workspace.load_set().key == SET.key
    assert (tmp_path / "store.sqlite").read_bytes() == before


def test_steps_are_in_order_and_end_at_this_version():
    """Each step leads one version further; a changed schema without its step is told here."""
    assert [to for to, _ in STEPS] == list(range(2, schema.VERSION + 1))


def test_failed_step_leaves_the_workspace_as_it_was(tmp_path, monkeypatch):
    """A step that breaks off is undone with its number, and the next opening does it again."""
    with Workspace(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        connection.executescript("DROP TABLE sends; UPDATE meta SET value = '1'")

    def broken(connection):
        STEPS[0][1](connection)
        raise ArithmeticError

    with monkeypatch.context() as patched:
        patched.setattr("promptceiling.runs.migrations.STEPS", ((2, broken),))
        with pytest.raises(ArithmeticError):
            Workspace(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    assert not inspect(engine).has_table("sends")
    engine.dispose()

    with Workspace(tmp_path) as workspace:
        assert workspace.sends().empty
