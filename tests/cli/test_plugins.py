"""methods, show, plugins, docs: what is installed, as tables and as JSON."""

import json

import pytest

from ecgbench import EdgeMap, Gray, transformer
from ecgbench.registry import BUILT_IN, Registry


def test_methods_lists_name_params_and_purpose(ecgbench):
    answer = ecgbench("methods")
    assert answer.code == 0
    assert answer.out.split()[:5] == ["method", "task", "takes", "parameters", "from"]
    for name in ("edges.canny", "color.lab", "grid.multiscale", "quality.gates", "sigma=0.15"):
        assert name in answer.out


def test_methods_of_one_task(ecgbench):
    names = [each["name"] for each in ecgbench("methods", "--task", "edges", "--json").json]
    assert names == sorted(names)
    assert {"edges.canny", "edges.sobel", "edges.laplacian", "edges.contour"} <= set(names)
    assert all(name.startswith("edges.") for name in names)


def test_methods_as_json_holds_what_a_program_needs(ecgbench):
    canny = next(each for each in ecgbench("methods", "--json").json if each["name"] == "edges.canny")
    assert (canny["task"], canny["takes"], canny["returns"], canny["origin"]) == ("edges", "gray", "EdgeMap", BUILT_IN)
    sigma, level = canny["params"]
    assert (sigma["name"], sigma["type"], sigma["default"], sigma["bounds"]) == ("sigma", "float", 0.15, "0.0 to 1.0")
    assert sigma["doc"] and level["name"] == "level"


@pytest.mark.parametrize("columns", ["40", "80"])
def test_tables_keep_to_the_width_of_a_narrow_terminal(ecgbench, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert max(map(len, ecgbench("methods").out.splitlines())) <= int(columns)


def test_show_prints_the_page_as_markdown_where_it_is_piped(ecgbench):
    answer = ecgbench("show", "edges.canny")
    assert answer.code == 0
    assert answer.out.startswith("# ")
    for section in ("## Purpose", "## How it works", "## What works", "## What didn't work", "## Parameters", "## Performance"):
        assert section in answer.out


def test_show_as_json_holds_the_sections(ecgbench):
    shown = ecgbench("show", "edges.canny", "--json").json
    assert shown["documentation"]["purpose"]
    assert shown["measured"] is None


def test_show_tells_what_the_method_cost_in_the_newest_run(ecgbench, pictures):
    assert ecgbench("run", pictures, "-m", "edges.canny", "--repeats", "2").code == 0
    measured = ecgbench("show", "edges.canny", "--json").json["measured"]
    assert measured["n"] == 3
    assert "wall_median_s" in {row["score"] for row in measured["rows"]}
    assert f"ecgbench run {pictures} --methods edges.canny --repeats 2" in ecgbench("show", "edges.canny").out


def test_plugins_lists_what_each_distribution_brought(ecgbench):
    answer = ecgbench("plugins")
    assert answer.code == 0
    assert BUILT_IN in answer.out
    listed = ecgbench("plugins", "--json").json
    assert {"edges.canny", "demo", "folder"} <= set(listed["plugins"][BUILT_IN])


def test_plugins_names_what_was_left_out_and_why(ecgbench, monkeypatch):
    @transformer("edges.canny")
    def canny(gray: Gray) -> EdgeMap:
        """Take a name.

        How it works: it is there.
        What works: nothing.
        What didn't work: the name was taken.
        Changes: 0.1 first version.
        """
        return EdgeMap(gray < 0, None)

    registry = Registry.load()
    registry.register(canny, origin="thief [x] 1.0")
    monkeypatch.setattr("ecgbench.registry.default_registry", lambda: registry)
    answer = ecgbench("plugins")
    assert "left out: edges.canny of thief [x] 1.0" in answer.out
    assert "takes the name of the method" in " ".join(answer.out.split())
    failed = ecgbench("plugins", "--json").json["failed"]
    assert [(each["origin"], each["plugin"]) for each in failed] == [("thief [x] 1.0", "edges.canny")]


def test_docs_are_written_and_checked(ecgbench, tmp_path):
    folder = tmp_path / "pages"
    written = ecgbench("docs", folder)
    assert written.code == 0
    assert (folder / "edges.canny.md").read_text(encoding="utf-8").startswith("# ")
    assert str(folder / "edges.canny.md") in written.out.split()
    checked = ecgbench("docs", folder, "--check")
    assert (checked.code, checked.out) == (0, "")
    (folder / "edges.canny.md").write_text("old", encoding="utf-8")
    (folder / "color.lab.md").unlink()
    stale = ecgbench("docs", folder, "--check")
    assert stale.code == 1
    assert {line.split(";")[0] for line in stale.out.splitlines()} == {"stale: edges.canny.md", "stale: color.lab.md"}
    assert (folder / "edges.canny.md").read_text(encoding="utf-8") == "old"


def test_docs_show_what_a_method_saw_on_its_best_and_worst_page(ecgbench, tmp_path):
    assert ecgbench("run", "synthetic?count=2&types=0001,0005&dpi=75", "-m", "edges.canny", "--name", "figures").code == 0
    folder = tmp_path / "pages"
    assert ecgbench("docs", folder, "--measure", "figures").code == 0
    measured = json.loads((folder / "measured.json").read_text(encoding="utf-8"))["edges.canny"]
    assert set(measured["by_type"]["types"]) == {"0001", "0005"}
    assert [picture["place"] for picture in measured["pictures"]] == ["Best page", "Worst page"]
    text = (folder / "edges.canny.md").read_text(encoding="utf-8")
    for picture in measured["pictures"]:
        assert f"]({picture['file']})" in text and (folder / picture["file"]).stat().st_size > 1000
    assert ecgbench("docs", folder, "--check").code == 0


def test_docs_take_their_figures_from_a_run(ecgbench, pictures, tmp_path):
    assert ecgbench("run", pictures, "-m", "edges.canny", "--name", "figures").code == 0
    folder = tmp_path / "new" / "pages"
    assert ecgbench("docs", folder, "--measure", "figures").code == 0
    assert json.loads((folder / "measured.json").read_text(encoding="utf-8"))["edges.canny"]["n"] == 3
    assert ecgbench("docs", folder, "--check").code == 0
    assert "There is no run 'other'" in ecgbench("docs", folder, "--measure", "other").error
