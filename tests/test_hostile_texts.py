"""Texts that are code elsewhere, in cases, labels and names: text through every door that leads to a file."""

import csv
import json
import re
from dataclasses import asdict

import mistune
import pytest
import yaml
from bs4 import BeautifulSoup
from click.testing import CliRunner

from promptceiling.app.handlers import templates
from promptceiling.app.pages import pages_of
from promptceiling.app.voila_server import SHARE
from promptceiling.cli.group import main as group
from promptceiling.decision import read_published
from promptceiling.runs.predictions_file import read_predictions

MARKUP = ("<script>pc()</script>", "<img src=x onerror=pc()>", "![pc](http://pc.example/p.png)",
          "[pc](javascript:pc())", "| a | b |", "</td><b>pc</b>")
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "'=1+1")
LABELS = (*MARKUP, *FORMULAS)
NAME = "=pc <img src=x onerror=pc()> ![pc](pc.example)"
FORMULA = re.compile(r"[=+\-@\t\r]")
"""How a cell begins that a spreadsheet computes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A labeled set, three variants and a decision, all of hostile names, brought out through every door."""
    folder = tmp_path_factory.mktemp("hostile")
    with (folder / f"{NAME}.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "input", "expected_category", "group"])
        for k in range(12 * len(LABELS)):
            label = LABELS[k % len(LABELS)]
            rows.writerow([f"{label} {k}", f"\t{label} is case {k}", label, f"{label} g{k}"])
    (folder / "variants.yaml").write_text(
        yaml.safe_dump([{"name": f"{MARKUP[k]} {FORMULAS[k]}", "shots": k} for k in range(3)]
                       + [{"name": FORMULAS[0], "shots": 4, "selection": "similar"}]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in (
            ["run", "--data", f"{NAME}.csv", "--variants", "variants.yaml", "--out", f"{NAME} out.csv"],
            ["decide", "--memo", "memo.md"], ["decide", "--memo", "memo.html"], ["publish", f"{NAME}.sqlite"],
            ["export", "tuned", "--recipe", "meta-llama/Llama-3.1-8B-Instruct"],
        ):
            done = CliRunner().invoke(group, words)
            assert done.exit_code == 0, (words, done.output)
    return folder


def is_harmless(page):
    """The words of an HTML page, in which no tag, attribute or address is the data's."""
    tree = BeautifulSoup(page, "html.parser")
    for tag in tree.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on")], tag
        assert "pc.example" not in str(tag.get("src", "")) + str(tag.get("href", "")), tag
        assert not str(tag.get("href", "")).startswith("javascript:"), tag
    assert not [tag for tag in tree.find_all(["script", "b"]) if "pc" in tag.get_text()]
    return tree.get_text()


def predictions(folder):
    """No cell is a formula, and our reader gives every id, group, label and name as it was."""
    path = folder / f"{NAME} out.csv"
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if FORMULA.match(cell) and not re.fullmatch(r"[+-]?[\d.]+", cell)]
    again = read_predictions(path).rows
    for column, ends in (("id", r" \d+$"), ("expected", ""), ("predicted", "")):
        assert {re.sub(ends, "", text) for text in again[column]} <= set(LABELS)
    return [*again["expected"], *again["variant"]]


def memo_as_markdown(folder):
    return [is_harmless(mistune.html((folder / "memo.md").read_text(encoding="utf-8")))]


def memo_as_page(folder):
    return [is_harmless((folder / "memo.html").read_text(encoding="utf-8"))]


def pages_of_the_app(folder):
    """What a visitor of the app reads before any kernel: the start page's card and both parts of the walkthrough."""
    (page,) = pages_of([folder / f"{NAME}.sqlite"], workbook=False)
    is_harmless(templates(SHARE).get_template("start.html").render(pages=[asdict(page)], base_url="/"))
    return [is_harmless("".join(page.parts))]


def published(folder):
    found = read_published(folder / f"{NAME}.sqlite")
    assert found.evidence.name == NAME
    return [*found.evidence.classes, *(prompt.name for prompt in found.evidence.prompts)]


def training_files(folder):
    """Every line is JSON of its own, and the labels are answers in it."""
    lines = [json.loads(line) for path in (folder / "tuned").glob("*.jsonl")
             for line in path.read_text(encoding="ascii").splitlines()]
    answers = [json.loads(line["messages"][-1]["content"])["category"] for line in lines]
    assert set(answers) <= set(LABELS)
    return answers


def recipe(folder):
    """Its YAML files are read back, its page is harmless Markdown, and its script is the one of a tame name."""
    (entry,) = yaml.safe_load((folder / "tuned/variants.yaml").read_text(encoding="utf-8"))
    is_harmless(mistune.html((folder / "tuned/README.md").read_text(encoding="utf-8")))
    assert "pc(" not in (folder / "tuned/serve.sh").read_text(encoding="utf-8")
    return [entry["name"]]


@pytest.mark.parametrize("door", [predictions, memo_as_markdown, memo_as_page, pages_of_the_app, published,
                                  training_files, recipe])
def test_hostile_texts_come_out_as_texts(folder, door):
    """Through each door HTML, Markdown and formulas are the characters that they were, and run nowhere."""
    said = door(folder)
    assert [name for name in LABELS if any(name in text for text in said)]
