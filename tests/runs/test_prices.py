import pytest

from promptceiling.errors import InputError
from promptceiling.runs import Price, price_table
from promptceiling.runs import prices as module

HEAD = "model,input_usd_per_mtok,cached_usd_per_mtok,output_usd_per_mtok,as_of,source\n"


def table(tmp_path, monkeypatch, text):
    path = tmp_path / "prices.csv"
    path.write_text(text)
    monkeypatch.setattr(module, "data_file", lambda name: path)
    return price_table()


def test_cost_is_fresh_and_cached_input_and_output():
    """1,000 input tokens of which 400 cached, and 50 of output, at 2 / 0.5 / 8 USD a million.

    600 * 2 + 400 * 0.5 + 50 * 8 = 1,800 millionths of a dollar.
    """
    assert Price("m", 2.0, 0.5, 8.0, "2026-11-23", "").cost_usd(1000, 400, 50) == pytest.approx(0.0018)


def test_project_table_is_dated_and_sourced():
    """Every price that comes with the project has a day and a source, and cached input costs no more than fresh."""
    for name, price in price_table().items():
        assert price.model == name
        assert price.source
        assert len(price.as_of) == 10
        assert price.cached_usd_per_mtok <= price.input_usd_per_mtok


def test_empty_cached_price_is_the_price_of_fresh_input(tmp_path, monkeypatch):
    """Where a provider has no discount for cached input, it costs what input costs."""
    assert table(tmp_path, monkeypatch, f"{HEAD}m,2,,8,2026-11-23,s\n")["m"] == Price("m", 2, 2, 8, "2026-11-23", "s")


@pytest.mark.parametrize("row", ["m,two,,8,d,s", "m,-1,,8,d,s", "m,2,,,d,s", "m,nan,,8,d,s", "m,2,,inf,d,s", "m,2"])
def test_row_that_is_no_price_is_refused_by_its_number(tmp_path, monkeypatch, row):
    """A price must be a finite number of dollars; the row that is none is named."""
    with pytest.raises(InputError, match=r"prices\.csv, row 2: expected prices as numbers") as caught:
        table(tmp_path, monkeypatch, f"{HEAD}good,1,,2,d,s\n{row}\n")

    assert caught.value.row == 2
