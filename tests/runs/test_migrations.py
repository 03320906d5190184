import pytest
from sqlalchemy import create_engine, inspect
from tests.made_up import made_cases, made_set

from promptceiling.errors import WorkspaceError
from promptceiling.labeled_set import split_labeled_set
from promptceiling.prompts import Field, PromptVariant
from promptceiling.runs import Workspace, completions, schema
from promptceiling.runs.answer import Answer
from promptceiling.runs.migrations import STEPS

SET = split_labeled_set(made_set(made_cases(12)))
VARIANT = PromptVariant("v", (Field("category", ("access", "billing")),))


NEWER = {  # version -> how to take from a workspace what came with it
    2: ("DROP TABLE sends",),
    3: ("DROP TABLE models", "DROP TABLE probes", "ALTER TABLE answers DROP COLUMN cache_write_tokens",
        "ALTER TABLE answers DROP COLUMN tier"),
    4: ("DROP TABLE curve_draws", "DROP TABLE production", "ALTER TABLE jobs DROP COLUMN details"),
}
EARLIER = range(1, schema.VERSION)


def made_earlier(connection, version):
    """Take from a workspace what came after a version."""
    for later in range(schema.VERSION, version, -1):
        for statement in NEWER[later]:
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"UPDATE meta SET value = '{version}'")  # noqa: S608


def as_version(store, version):
    """A workspace as an earlier version left it."""
    with Workspace(store) as workspace, workspace.writing() as connection:
        made_earlier(connection, version)


def with_an_answer(store):
    with Workspace(store) as workspace:
        workspace.save_set(SET)
        workspace.save_variants([VARIANT])
        workspace.start_run(SET.key, "validation", "http://h/v1", "m", [(VARIANT, SET.cases["id"].iloc[0], 0, "k")])
        workspace.save_answer("k", Answer("billing", "m"))


@pytest.mark.parametrize("version", EARLIER)
def test_workspace_of_an_earlier_version_is_brought_to_this_one(store, version):
    """Opened to be written, it has this version's tables and number, keeps every answer and takes new ones."""
    with_an_answer(store)
    as_version(store, version)

    with Workspace(store) as workspace:
        assert workspace.sends().empty
        workspace.save_answer("l", Answer("access", "m", cache_write_tokens=1, tier="flex"))
        assert completions(workspace, SET)["text"].tolist() == ["billing"]
        with workspace.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT value FROM meta").scalar() == str(schema.VERSION)


def shape(store):
    """Every table with its columns, their types and its indexes, as the database tells them."""
    with Workspace(store) as workspace:
        found = inspect(workspace.engine)
        return {table: ([(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
                        sorted(i["name"] for i in found.get_indexes(table))) for table in found.get_table_names()}


@pytest.mark.parametrize("version", EARLIER)
def test_brought_tables_are_those_of_a_new_workspace(store, version):
    """The steps lead to the same columns, types and indexes as making the tables anew."""
    made = shape(store)
    as_version(store, version)

    assert shape(store) == made


@pytest.mark.parametrize("version", EARLIER)
def test_earlier_version_can_be_read_without_being_changed(tmp_path, version):
    """A published file of an earlier version is read whole from a brought copy; it stays what it is, and the copy
    takes no writes."""
    with_an_answer(tmp_path)
    as_version(tmp_path, version)
    before = (tmp_path / "store.sqlite").read_bytes()

    with Workspace(tmp_path, read_only=True) as workspace:
        assert completions(workspace, workspace.load_set())["text"].tolist() == ["billing"]
        with pytest.raises(WorkspaceError, match="read only"):
            workspace.save_answer("l", Answer("billing", "m"))
    assert (tmp_path / "store.sqlite").read_bytes() == before


def test_steps_are_in_order_and_end_at_this_version():
    """Each step leads one version further; a changed schema without its step is told here."""
    assert [to for to, _ in STEPS] == list(range(2, schema.VERSION + 1))


def test_failed_step_leaves_the_workspace_as_it_was(tmp_path, monkeypatch):
    """A step that breaks off is undone with its number, and the next opening does it again."""
    with Workspace(tmp_path):
        pass
    as_version(tmp_path, 1)

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
