"""Markdown for pull requests: tables that GitHub reads as tables, whatever stands in their cells."""

from ecgbench.leaderboard import compare
from ecgbench.report import comparison_markdown, markdown_report
from ecgbench.report.markdown import text


def table_lines(markdown):
    return [line for line in markdown.splitlines() if line.startswith("|")]


def cells_of(line):
    return len(line.replace("\\|", "").strip("|").split("|"))


def test_the_report_has_leaderboards_with_verdicts_and_failures(store, run):
    found = markdown_report(store, run)
    assert found.startswith("## first try\n")
    assert "canny leads with box_iou 0.800" in found
    assert "| 1= | canny | 0.800 (" in found
    assert "### 1 failure" in found and "ValueError: a \\| b &lt;i&gt;" in found


def test_every_row_of_a_table_has_as_many_cells_as_its_heading(store, run):
    for table in markdown_report(store, run).split("\n\n"):
        assert len({cells_of(line) for line in table_lines(table)}) <= 1


def test_text_from_outside_stays_text():
    assert text("<script>|a*b_\n# c [x](y) `d`") == "&lt;script&gt;\\|a\\*b\\_ \\# c \\[x\\](y) \\`d\\`"
    assert text("box_iou") == "box_iou"


def test_a_comparison_is_a_table_a_pair(store, run):
    found = comparison_markdown(compare(store, "edges.canny", "edges.sobel"))
    assert found.startswith("#### edges: b = first try:edges.sobel\\[noise_factor=9.0\\] against a = first try:edges.canny\n")
    assert any(line.startswith("| box_iou ↑ | 0.850 | 0.450 | -0.400") and "worse" in line for line in table_lines(found))
