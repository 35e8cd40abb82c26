"""run, runs, leaderboard, compare, export: from pictures to a store and back."""

import contextlib
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecgbench.core.outcome import Status
from ecgbench.registry import default_registry
from ecgbench.store import Store
from tests import misbehaving_plugin


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard():
    """Have commands hear Ctrl-C also where the tests run in the background, whose processes a shell starts deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


CANNY, SOBEL = "edges.canny", "edges.sobel"
BOTH = ("-m", f"{CANNY},{SOBEL}")


def run(ecgbench, *words):
    answer = ecgbench("run", "scans", *BOTH, *words)
    assert answer.code == 0, answer
    return answer


def kept(tmp_path, name):
    with Store(tmp_path / "ecgbench.db") as store:
        return {(o.variant.label, o.case.name): o for o in store.outcomes(store.find_run(name).id)}


def test_run_shows_the_leaderboard_and_keeps_every_outcome(ecgbench, pictures, tmp_path):
    answer = run(ecgbench, "--name", "first")
    for words in (CANNY.partition(".")[2], "ranked by", "run first: 6 done", "ecgbench leaderboard first"):
        assert words in answer.out
    assert "6 of 6 cells: 6 done" in answer.err
    assert set(kept(tmp_path, "first")) == {(m, f"page{index}.png") for m in (CANNY, SOBEL) for index in range(3)}


def test_run_as_json_prints_nothing_else(ecgbench, pictures):
    answer = run(ecgbench, "--json", "--name", "first")
    assert answer.err == ""
    assert set(answer.json) == {"run", "counts", "leaderboard"}
    assert answer.json["counts"]["done"] == 6
    assert answer.json["run"]["name"] == "first"
    assert sorted(row["label"] for row in answer.json["leaderboard"][0]["rows"]) == [CANNY, SOBEL]


def test_methods_are_chosen_by_pattern_and_all_are_run_without_one(ecgbench, pictures):
    assert {
        row["method"] for board in ecgbench("run", "scans/page0.png", "--json").json["leaderboard"] for row in board["rows"]
    } == {each["name"] for each in ecgbench("methods", "--json").json}
    planned = ecgbench("run", "scans", "-m", "edges.*,grid.multiscale", "--dry-run", "--json").json["methods"]
    assert {name.partition(".")[0] for name in planned} == {"edges", "grid"}


def test_a_single_picture_and_a_pattern_are_sets_too(ecgbench, pictures, tmp_path):
    assert ecgbench("run", "scans/page1.png", "scans/page[02].png", "-m", CANNY, "--name", "some").code == 0
    assert {case for _, case in kept(tmp_path, "some")} == {"page0.png", "page1.png", "page2.png"}


def test_a_sweep_tries_every_value(ecgbench, pictures, tmp_path):
    run(ecgbench, "--param", "edges.canny.sigma=0.2,0.5", "--param", "edges.sobel.noise_factor=4", "--name", "swept")
    labels = {label for label, _ in kept(tmp_path, "swept")}
    assert labels == {f"{CANNY}[sigma=0.2]", f"{CANNY}[sigma=0.5]", f"{SOBEL}[noise_factor=4.0]"}


def test_a_dry_run_says_what_would_be_run_and_leaves_nothing(ecgbench, pictures, tmp_path):
    answer = run(ecgbench, "--dry-run", "--repeats", "3", "--param", "edges.canny.sigma=0.2,0.5")
    assert answer.out.splitlines() == [
        "3 methods x 3 cases = 9 cells, 3 timed calls each:",
        "  edges.canny[sigma=0.2]",
        "  edges.canny[sigma=0.5]",
        "  edges.sobel",
    ]
    planned = run(ecgbench, "--dry-run", "--json").json
    assert (planned["cases"], planned["cells"], planned["methods"]) == (3, 6, [CANNY, SOBEL])
    endless = ecgbench("run", "synthetic?count=endless", "-m", CANNY, "--dry-run")
    assert endless.out.splitlines()[0] == "1 method x endless cases = endless cells, 1 timed call each:"
    assert not (tmp_path / "ecgbench.db").exists()


def test_repeats_warm_up_and_workers_are_those_asked_for(ecgbench, pictures, tmp_path):
    run(ecgbench, "--repeats", "3", "--warmup", "0", "--jobs", "1", "--memory", "none", "--timeout", "30", "--name", "terms")
    assert {len(outcome.seconds) for outcome in kept(tmp_path, "terms").values()} == {3}
    with Store(tmp_path / "ecgbench.db") as store:
        plan = store.find_run("terms").plan
    assert (plan["repeats"], plan["warmup"], plan["workers"], plan["timeout"], plan["memory_bytes"]) == (3, 0, 1, 30.0, None)


def test_more_jobs_than_cores_are_not_started_and_it_says_so(ecgbench, pictures):
    answer = run(ecgbench, "--jobs", "99", "--dry-run")
    assert "one a core: more would slow each other down" in answer.err


@pytest.mark.parametrize("executor", ["serial", "threads"])
def test_other_executors_run_too(ecgbench, pictures, executor):
    assert run(ecgbench, "--executor", executor, "--json").json["counts"]["done"] == 6


def test_a_name_that_is_taken_is_refused_and_resume_does_what_is_missing(ecgbench, pictures, tmp_path):
    assert ecgbench("run", "scans", "-m", CANNY, "--name", "night").code == 0
    refused = ecgbench("run", "scans", *BOTH, "--name", "night").error
    assert refused.startswith("A run named 'night' is already in ecgbench.db; go on with it by --resume")
    answer = run(ecgbench, "--name", "night", "--resume")
    assert "3 done, 3 reused" in answer.out
    assert len(kept(tmp_path, "night")) == 6
    again = run(ecgbench, "--name", "night", "--resume", "--json")
    assert again.json["counts"] == {"reused": 6}


def test_pictures_that_cannot_be_read_are_failures_with_a_reason(ecgbench, pictures):
    (pictures / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    answer = run(ecgbench)
    assert "6 done, 2 failed" in answer.out
    assert "is damaged" in " ".join(answer.out.split()) or "truncated" in " ".join(answer.out.split())
    only_bad = ecgbench("run", "scans/torn.png", "-m", CANNY)
    assert only_bad.code == 1
    assert "1 failed" in only_bad.out


def test_another_store_is_named_in_what_to_do_next_and_may_come_from_the_environment(ecgbench, pictures, monkeypatch, tmp_path):
    answer = run(ecgbench, "--store", "my runs.db", "--name", "a b")
    assert "ecgbench leaderboard 'a b' --store 'my runs.db'" in answer.out
    monkeypatch.setenv("ECGBENCH_STORE", str(tmp_path / "my runs.db"))
    assert [each["name"] for each in ecgbench("runs", "--json").json] == ["a b"]


def test_runs_lists_the_newest_first_with_their_counts(ecgbench, pictures):
    for name in ("first", "second"):
        run(ecgbench, "--name", name)
    listed = ecgbench("runs", "--json").json
    assert [(each["name"], each["state"], each["counts"]) for each in listed] == [
        ("second", "finished", {"done": 6}),
        ("first", "finished", {"done": 6}),
    ]
    shown = ecgbench("runs").out
    assert shown.index("second") < shown.index("first ")


def test_leaderboard_ranks_the_newest_run_or_the_one_named(ecgbench, pictures):
    run(ecgbench, "--name", "old", "--repeats", "2")
    ecgbench("run", "scans", "-m", "grid.*", "--name", "new")
    assert ecgbench("leaderboard", "--json").json["run"]["name"] == "new"
    old = ecgbench("leaderboard", "old", "--json").json
    (board,) = old["leaderboard"]
    assert (board["task"], [row["method"] for row in board["rows"]]) == (
        "edges",
        [row["method"] for row in sorted(board["rows"], key=lambda row: row["rank"])],
    )
    by_cpu = ecgbench("leaderboard", "old", "--metric", "cpu_median_s", "--json").json["leaderboard"][0]
    assert by_cpu["ranked_by"]["name"] == "cpu_median_s"
    costs = [row["scores"]["cpu_median_s"]["mean"] for row in by_cpu["rows"]]
    assert costs == sorted(costs)
    assert "canny" in ecgbench("leaderboard", "old").out
    assert "has nothing of the task 'grid'; it has edges" in ecgbench("leaderboard", "old", "--task", "grid").error
    assert "has no score 'speed'; it has cpu_median_s" in ecgbench("leaderboard", "old", "--metric", "speed").error
    assert "There is no run 'older' in ecgbench.db; it has old, new" in ecgbench("leaderboard", "older").error


@pytest.mark.parametrize("columns", ["60", "80"])
def test_tables_keep_to_a_narrow_terminal(ecgbench, pictures, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    run(ecgbench, "--name", "first")
    for words in (("leaderboard",), ("runs",), ("compare", CANNY, SOBEL)):
        assert max(map(len, ecgbench(*words).out.splitlines())) <= int(columns)


def test_compare_holds_methods_and_runs_against_each_other(ecgbench, pictures):
    run(ecgbench, "--name", "first")
    run(ecgbench, "--name", "second")
    methods = ecgbench("compare", CANNY, SOBEL, "--json").json
    assert {(row["a"], row["b"]) for row in methods["rows"]} == {(CANNY, SOBEL)}
    assert "wall_median_s" in {row["metric"] for row in methods["rows"]}
    runs = ecgbench("compare", "first", "second", "--metric", "wall_median_s", "--json").json
    assert [(row["metric"], row["n"]) for row in runs["rows"]] == [("wall_median_s", 3)] * 2
    mixed = ecgbench("compare", f"first:{CANNY}", f"second:{SOBEL}", "--json").json
    assert (mixed["a"], mixed["b"]) == (f"first:{CANNY}", f"second:{SOBEL}")
    assert CANNY in ecgbench("compare", CANNY, SOBEL).out
    markdown = ecgbench("compare", CANNY, SOBEL, "--markdown").out
    assert any(line.startswith("|") and line.endswith("|") for line in markdown.splitlines())
    assert "'edges.prewitt' is no run, method or RUN:METHOD" in ecgbench("compare", CANNY, "edges.prewitt").error
    assert "Neither side has a score 'speed'" in ecgbench("compare", CANNY, SOBEL, "--metric", "speed").error


@pytest.mark.parametrize(("bound", "code"), [("wall_median_s > -1000", 1), ("wall_median_s > 1000", 0), ("failed > 0.5", 0)])
def test_fail_on_is_exit_code_1_where_the_bound_is_crossed(ecgbench, pictures, bound, code):
    run(ecgbench)
    answer = ecgbench("compare", CANNY, SOBEL, "--fail-on", bound)
    assert answer.code == code, answer.out
    assert ecgbench("compare", CANNY, SOBEL, "--fail-on", bound, "--json").json["checks"][0]["crossed"] is bool(code)
    assert "Neither side has a score 'speed'" in ecgbench("compare", CANNY, SOBEL, "--fail-on", "speed > 1").error


def test_export_writes_every_outcome_in_each_form(ecgbench, pictures, tmp_path):
    run(ecgbench, "--name", "first")
    for form in ("csv", "json", "parquet", "md"):
        answer = ecgbench("export", "first", "--format", form)
        assert (answer.code, answer.out) == (0, f"first.{form}\n")
    with (tmp_path / "first.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:6] == ["case", "method", "params", "status", "error", "wall_median_s"]
    assert {(row["method"], row["case"]) for row in rows} == set(kept(tmp_path, "first"))
    assert len(json.loads((tmp_path / "first.json").read_text())["outcomes"]) == 6
    assert "edges" in (tmp_path / "first.md").read_text()
    import pyarrow.parquet

    assert pyarrow.parquet.read_table(tmp_path / "first.parquet").num_rows == 6


def test_export_chooses_the_form_by_the_files_ending_and_writes_to_stdout(ecgbench, pictures, tmp_path):
    run(ecgbench, "--name", "first")
    assert ecgbench("export", "-o", "table.JSON").out == "table.JSON\n"
    assert json.loads((tmp_path / "table.JSON").read_text())["run"]["name"] == "first"
    piped = ecgbench("export", "-o", "-", "-f", "csv")
    assert len(list(csv.reader(io.StringIO(piped.out)))) == 7
    assert ecgbench("export", "-o", "-").out == piped.out
    assert "no export format 'xlsx'; known ones: csv, json" in ecgbench("export", "-o", "table.xlsx").error
    assert "cannot be written" in ecgbench("export", "-o", "nowhere/table.csv").error


CODE = "from ecgbench.cli import main; main()"


def count_in(path):
    """Return how many outcomes are in a store that another process writes."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM outcomes").fetchone()[0]
    except sqlite3.Error:
        return 0


def copy_500_times(page):
    for index in range(500):
        page.with_name(f"copy{index:03d}.png").write_bytes(page.read_bytes())


def test_ctrl_c_ends_a_run_keeps_what_was_done_and_says_how_to_go_on(ecgbench, pictures, tmp_path):
    copy_500_times(pictures / "page0.png")
    line = ["run", "scans", "--methods", "edges.*,color.lab,grid.*"]
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *line],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    deadline = time.monotonic() + 60
    while count_in(tmp_path / "ecgbench.db") == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    progress, said = err.splitlines()
    assert "cells:" in progress
    with Store(tmp_path / "ecgbench.db") as store:
        interrupted = store.find_run()
        done = store.counts(interrupted.id)[Status.DONE]
    assert interrupted.state == "interrupted"
    assert 0 < done < 503 * 6
    resumption = f"Go on with: ecgbench run scans --methods 'edges.*,color.lab,grid.*' --name {interrupted.name} --resume"
    assert said == f"Interrupted; what was done is kept. {resumption}"


def test_ctrl_c_again_does_not_break_off_the_end_and_a_third_time_ends_at_once():
    script = (
        "import os, signal\n"
        "from ecgbench.cli.interrupts import take_interrupts\n"
        "take_interrupts()\n"
        "press = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "try:\n    press()\nexcept KeyboardInterrupt:\n    print('once', flush=True)\n"
        "press()\nprint('twice', flush=True)\npress()\nprint('never')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.stderr, done.returncode) == (["once", "twice"], "", 130)


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_what_methods_print_does_not_stand_in_the_json(ecgbench, pictures, executor):
    default_registry.cache_clear()
    default_registry().register(misbehaving_plugin.talking)
    try:
        answer = ecgbench("run", "scans", "--methods", "edges.talking", "--executor", executor, "--json")
    finally:
        default_registry.cache_clear()
    assert answer.json["counts"]["done"] == 3


def children_of(pid):
    """Return how many processes a process has started that still run."""
    stats = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            stats.append(stat.read_text().rpartition(")")[2].split())
    return sum(int(parent) == pid for _, parent, *_ in stats)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("later", [0, 0.05, 0.2])
def test_ctrl_c_while_workers_start_leaves_no_traceback(tmp_path, pictures, later):
    copy_500_times(pictures / "page0.png")
    with subprocess.Popen(
        [sys.executable, "-c", CODE, "run", "scans"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True
    ) as process:  # fmt: skip
        try:
            while children_of(process.pid) < 2:  # what keeps track of resources, and what workers are forked from
                assert process.poll() is None
            time.sleep(later)
            os.killpg(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in err


def test_changed_says_what_is_reused_and_a_dry_run_what_would_be(ecgbench, pictures, tmp_path):
    first = run(ecgbench, "--changed", "--name", "first")
    assert "No earlier run in the store was measured by this executor, machine and software" in first.err
    wider = ecgbench("run", "scans", "-m", "edges.canny,edges.sobel,edges.contour", "--changed", "--dry-run")
    assert wider.out.splitlines() == [
        "3 methods x 3 cases = 9 cells, 1 timed call each; 6 reused, 3 to run:",
        "  edges.canny: 0",
        "  edges.sobel: 0",
        "  edges.contour: 3",
    ]
    again = run(ecgbench, "--changed", "--name", "second")
    assert "run second: 6 reused" in again.out
    assert kept(tmp_path, "second") == kept(tmp_path, "first")
    assert ecgbench("run", "scans", *BOTH, "--name", "second", "--resume", "--dry-run", "--json").json["to_run"] == {
        CANNY: 0,
        SOBEL: 0,
    }
