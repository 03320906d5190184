"""The matrix of mistakes in a real browser: a click on a cell chooses what the dropdowns would."""

from pathlib import Path

import pytest

from promptceiling.panels import controls
from promptceiling.panels.score_sections import confusion_table

NAMES = ("access", "billing", "no label")
SELECT = ('<div class="pc-choose-{0}"><select onchange="chosen.push(\'{0} \' + this.selectedIndex)">' + "".join(
    f"<option>{name}</option>" for name in NAMES) + "</select></div>")


@pytest.fixture(scope="module")
def page(browser):
    """The matrix between the two dropdowns as ipywidgets draws them, with the panels' own script."""
    matrix = confusion_table(NAMES, (1, 0), {(0, 0): 3, (0, 1): 2, (1, 2): 1}, choose=True)
    shown = browser.new_page()
    shown.set_content(f'<body><div class="pc-mistakes">{matrix}{SELECT.format("expected")}{SELECT.format("answered")}'
                      "</div><script>window.chosen = []</script></body>")
    shown.add_script_tag(content=(Path(controls.__file__).parent / "mends.js").read_text(encoding="utf-8"))
    return shown


def test_a_click_on_a_cell_moves_both_dropdowns_and_tells_the_kernel(page):
    """Access answered as billing: only what changes is told; then billing without a label, which changes both."""
    page.get_by_role("button", name="Expected access, answered billing: 2").click()
    assert page.evaluate("chosen") == ["answered 1"]

    page.get_by_role("button", name="Expected billing, answered no label: 1").click()
    assert page.evaluate("chosen") == ["answered 1", "expected 1", "answered 2"]


def test_cells_are_reached_by_keyboard(page):
    """Enter on a cell is a click."""
    page.get_by_role("button", name="Expected access, answered access: 3").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("chosen.slice(-2)") == ["expected 0", "answered 0"]
