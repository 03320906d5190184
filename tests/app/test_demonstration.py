"""The demonstration, built when it is first asked for."""

import asyncio
import importlib

import pandas as pd

from promptceiling.decision import read_published
from promptceiling.labeled_set import data_file

demonstration = importlib.import_module("promptceiling.app.demonstration")


def test_a_notebook_builds_it_though_a_loop_runs_there(monkeypatch, tmp_path):
    """Over every sixth ticket: prompts, a local classifier and a fine-tune are in the file, which is built once."""
    tickets = tmp_path / "tickets.csv"
    pd.read_csv(data_file(demonstration.DATA), dtype=str, keep_default_na=False).iloc[::6].to_csv(tickets, index=False)
    monkeypatch.setattr(demonstration, "data_file", lambda n: tickets if n == demonstration.DATA else data_file(n))

    async def in_a_notebook():
        return demonstration.demonstration(tmp_path)

    path, said = asyncio.run(in_a_notebook()), []
    evidence = read_published(path).evidence
    assert evidence.best is not None
    assert {a.kind for a in evidence.alternatives} == {"local", "fine-tune"}
    assert demonstration.demonstration(tmp_path, said.append) == path
    assert said == []
