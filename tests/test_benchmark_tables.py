"""What benchmarks find is handed on and written as it was found."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import results
        import tables

        yield tables, results


def test_results_hold_every_cell_that_a_benchmark_printed_and_say_what_failed(
    bench: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables, results = bench
    rows = [["ecgbench run", tables.spread([1.0])], ["a|b", tables.spread([3.0, 1.5, 2.0])]]
    table = tables.Table("Ten methods", ["tool", "time"], rows, ["One sentence."])
    monkeypatch.setattr("sys.argv", ["bench", "--json", str(tmp_path / "kept.json")])

    tables.present(argparse.ArgumentParser(), lambda _: [table, tables.Table("Second", ["x"], [["7"]])])
    kept = tables.read_tables(tmp_path / "kept.json")
    page = results.results_page(
        [
            results.Section("Peers", "benchmarks/peers.py --pages=4", 1.5, kept).markdown(),
            results.Section("Server", "benchmarks/server.py", 0.1, [], "It failed with exit code 3.").markdown(),
        ],
        command="make bench QUICK=1",
        quick=True,
        load=1e6,
    )

    said = capsys.readouterr().out
    cells = [line for line in page.splitlines() if line.startswith("|")]
    assert cells == [
        "| tool         | time                 |",
        "|--------------|----------------------|",
        "| ecgbench run | 1.00x                |",
        "| a\\|b         | 2.00x (1.50 to 3.00) |",
        "| x   |",
        "|-----|",
        "| 7   |",
    ]
    assert [line for line in said.splitlines() if line.startswith("|")] == cells
    assert "`python benchmarks/peers.py --pages=4`, 1.5 minutes, ended " in page
    assert list(results.sections_of(page)) == ["Peers", "Server"]
    again = results.results_page(list(results.sections_of(page).values()), command="make bench QUICK=1", quick=True, load=1e6)
    assert again.partition("## ")[2].split() == page.partition("## ")[2].split()
    assert "One sentence." in page and "**It failed with exit code 3.**" in page
    assert (
        "Last written by `make bench QUICK=1`" in page and "This is of a quick run" in page and "others used the machine" in page
    )


def test_a_row_that_does_not_fit_its_head_is_refused_not_shifted(bench: tuple[Any, Any]) -> None:
    tables, _ = bench
    with pytest.raises(ValueError, match="'Ten'.*2 cells"):
        tables.Table("Ten", ["a", "b"], [["1"]]).markdown()
