"""Names in CSV files are no formulas to a spreadsheet, and numbers stay numbers."""

import pytest

from ecgbench.report.csv_cells import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1+1|calc", "@SUM(1)", "\t=1", "-", "+"])
def test_text_that_a_spreadsheet_would_compute_has_an_apostrophe_before_it(text):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["-0.265 to 0.529", "-3.5e-05", "+20.0", "1.02x", "a=1.png", "", None, -0.5, True])
def test_numbers_intervals_and_plain_names_are_as_they_are(cell):
    assert safe_cell(cell) is cell
