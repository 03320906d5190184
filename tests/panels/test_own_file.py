"""The form that reads a file of one's own, and the comparison with production."""

import datetime
import json

import pytest
from click.testing import CliRunner
from tests.labeled_set import awkward
from tests.made_up import made_cases, made_set
from tests.panels.made_up import HOSTILE, assert_shown_as_text, markup_of, page_of

from promptceiling.cli import main
from promptceiling.labeled_set import audit, compare_with_production
from promptceiling.panels import LabeledSetPanel, OwnFilePanel, RepresentativenessPanel


def csv_of(cases):
    return "input,expected_category\n" + "\n".join(f"{c['input']},{c['expected_category']}" for c in cases)


def uploaded(name, content):
    """What a file chooser holds after one file was chosen."""
    return ({"name": name, "type": "text/csv", "size": len(content), "content": memoryview(content),
             "last_modified": datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)},)


def test_pasted_cells_are_read_and_audited():
    """Pasted text becomes a labeled set, split and shown; who asked hears of it."""
    heard = []
    panel = OwnFilePanel(heard.append)
    panel.pasted.value = csv_of(made_cases(60)).replace(",", "\t")
    panel.read.click()

    assert [len(s) for s in heard] == [60]
    assert "60 cases are read" in panel.message.value
    assert "60 labeled cases in 3 classes" in page_of(panel.result).words
    assert not panel.read.disabled


def test_upload_with_a_production_sample_is_compared():
    """An uploaded file and a sample of production give the audit and the verdict."""
    panel = OwnFilePanel()
    panel.file.value = uploaded("mine.csv", csv_of(made_cases(60)).encode())
    live = "\n".join(["text", *(c["input"] for c in made_cases(60, seed=1))])
    panel.production.value = uploaded("live.csv", live.encode())
    panel.read.click()

    words = page_of(panel.result).words
    assert "Labeled set and production" in words
    assert "What the audit finds" in words


@pytest.mark.parametrize(("pasted", "said"), [
    ("", "There is nothing to read yet"), ("subject,label\na,x\nb,y\n", "has no column &#39;input&#39;"),
    ("text,label\na,x\n\"b,y\n", "quotation mark"), ("<script>alert(1)</script>\n", "and no cases")])
def test_refusal_stands_in_the_panel(pasted, said):
    """What cannot be read is told in the sentence that the command line prints, escaped, and the form stays usable."""
    panel = OwnFilePanel()
    panel.pasted.value = pasted
    panel.read.click()

    assert said in panel.message.value
    assert "<script>" not in panel.message.value
    assert panel.result.children == ()
    assert not panel.read.disabled


@pytest.mark.parametrize("name", ["truncated_json_array", "ragged", "damaged_parquet", "xlsx_two_sheets", "png"])
def test_broken_upload_is_told_in_the_command_lines_sentence(tmp_path, name):
    """The sentence in the panel is, letter by letter, the one of the command line for the same file."""
    content = b"input,label\na,x\nb,<b>,y\n" if name == "ragged" else awkward.REFUSED[name][0]
    (tmp_path / "t.csv").write_bytes(content)
    told = CliRunner().invoke(main, ["check", str(tmp_path / "t.csv"), "--json"])
    panel = OwnFilePanel()
    panel.file.value = uploaded("t.csv", content)
    panel.read.click()

    assert told.exit_code == 2
    assert page_of(panel.message).words == json.loads(told.stdout)["error"]["message"]


def test_hostile_texts_are_shown_as_text():
    """Texts of both sides are shown and never run."""
    cases = [c | {"input": f"{HOSTILE} {c['input']}"} for c in made_cases(40)]

    assert_shown_as_text(RepresentativenessPanel(compare_with_production(
        made_set(cases), [f"{HOSTILE} other {k}" for k in range(40)])).view)


def test_secret_is_masked_in_the_panel():
    """A finding about secrets opens to its place, without the secret."""
    cases = made_cases(60)
    cases[3]["input"] += " password: hunter2!"
    labeled_set = made_set(cases)

    shown = markup_of(LabeledSetPanel(labeled_set, audit(labeled_set)).view)
    assert "[password or secret]" in shown
    assert "hunter2" not in shown
