"""Commands that make runs and read them back: demo, run, leaderboard, compare, export, runs."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecgbench.cli.buckets import CacheDir, CacheSize, Upload, check_upload, upload_files, upload_run, use_cache
from ecgbench.cli.output import INTERRUPTED, Progress, console, counted, print_json, say, stdout_kept_clean
from ecgbench.default_store import DEFAULT_STORE, STORE_VARIABLE

if TYPE_CHECKING:
    from ecgbench.execution import Execution
    from ecgbench.plan import Plan
    from ecgbench.store import Run, Store

StorePath = Annotated[str, typer.Option("--store", envvar=STORE_VARIABLE, help="File or database URL that runs are kept in.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
RunName = Annotated[str | None, typer.Argument(help="A run's name; default: the newest.")]
NOTHING_EARLIER = "No earlier run in the store was measured by this executor, machine and software, so every cell is run."
NO_WORKERS = {"--help", "-h", "--dry-run"}  # words with which no run is carried out
DEMO_COUNT, DEMO_SEED, DEMO_REPEATS = 12, 1, 3


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command()(run)
    app.command("runs")(list_runs)
    app.command()(leaderboard)
    app.command()(compare)
    app.command()(export)


def make_head_start(line: Sequence[str]) -> None:
    """Wake the process that workers are forked from where a line begins as one that needs it does.

    So it imports its libraries while this process reads the line and imports its own. A line that turns out to be wrong ends both.
    """
    others = any(word in NO_WORKERS or word.startswith("--executor") for word in line)
    if list(line[:1]) in (["run"], ["demo"]) and not others:
        from ecgbench.workers import wake_forkserver

        wake_forkserver()


class UsageError(ValueError):
    """An option whose value cannot be read; the message shows how it is written."""


def run(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="Folders, pictures, globs, gs://bucket/prefix, demo, synthetic?count=20, ..."),
    ],
    methods: Annotated[str, typer.Option("--methods", "-m", help="Methods by pattern, comma-separated.")] = "*",
    param: Annotated[list[str] | None, typer.Option(help="METHOD.NAME=VALUE[,VALUE...]; several values are all tried.")] = None,
    repeats: Annotated[int, typer.Option(help="Timed calls a cell.")] = 1,
    warmup: Annotated[
        int | None, typer.Option(help="Untimed calls before them; default: 1 where there are several repeats.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Workers; default and at most: one a core.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that one call may take.")] = None,
    memory: Annotated[str, typer.Option(help="Address space a worker may have: 4GB, 512MB or none.")] = "4GB",
    executor: Annotated[str, typer.Option(help="processes, threads, serial or dask.")] = "processes",
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a dask cluster, such as tcp://host:8786; with --executor dask.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the run; default: the time.")] = None,
    store: StorePath = DEFAULT_STORE,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run of that name: only what is missing or failed.")
    ] = False,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed", help="Only cells whose case, method, params or metrics are in no earlier run; carry over the others."
        ),
    ] = False,
    upload: Upload = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be run.")] = False,
    as_json: Json = False,
) -> None:
    """Run methods over image sets in parallel, score them against the truth, keep every outcome.

    Exit code 1 where nothing was done at all: every cell failed.
    """
    from ecgbench.workers import wake_forkserver

    if resume and name is None:
        raise UsageError("--resume goes on with a run by its name; give --name, `ecgbench runs` lists them.")
    if scheduler is not None and jobs is not None:
        raise UsageError("--jobs is of this machine, and a cluster's workers are as they were started; leave --jobs out.")
    memory_bytes, workers = _bytes(memory), None if scheduler is not None else _workers(jobs)
    use_cache(cache_dir, cache_size)
    check_upload(upload)
    if executor == "processes" and not dry_run:
        wake_forkserver()
    plan = _plan(specs, methods, param or [], repeats=repeats, warmup=warmup, executor=executor, workers=workers, timeout=timeout,
                 memory_bytes=memory_bytes, scheduler=scheduler)  # fmt: skip
    if dry_run:
        _say_plan(plan, as_json, _missing(plan, store, name if resume else None, changed) if resume or changed else None)
        return
    from ecgbench.execution import Execution
    from ecgbench.store import Store

    with Store(store) as opened:
        execution = Execution(plan, store=opened, name=name, resume=resume, changed=changed)
        if changed and not execution.backlog.has_earlier_runs:
            typer.echo(NOTHING_EARLIER, err=True)
        progress = _carry_out(execution, plan, quiet=as_json)
        if as_json:
            _print_run(opened, execution.kept_run, progress)
        else:
            _show_run(opened, execution.kept_run, progress)
            say(_next_steps(execution.kept_run.name, _without_password(store)))
        if upload is not None:
            upload_run(opened, execution.kept_run, upload, _without_password(store))
    _say_problems(plan)
    raise typer.Exit(0 if progress.counts["done"] or progress.counts["reused"] or not progress.finished else 1)


def _plan(specs: list[str], methods: str, params: list[str], **terms: Any) -> Plan:
    from ecgbench.plan import make_plan, read_sweep

    return make_plan(specs, methods=methods, sweep=read_sweep(params, option="--param"), **terms)


def _workers(jobs: int | None) -> int:
    from ecgbench.workers import usable_cores

    cores = usable_cores()
    if jobs is not None and jobs > cores:
        say(f"Using {cores} workers, one a core: more would slow each other down and spoil the times.", err=True)
    return min(jobs or cores, cores)


def _bytes(text: str) -> int | None:
    units = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
    if text.lower() == "none":
        return None
    number, unit = text[:-2].strip(), text[-2:].upper()
    try:
        size = int(float(number) * units[unit])
    except (KeyError, ValueError, OverflowError):
        raise UsageError(f"--memory {text!r} cannot be read; write 4GB, 512MB or none.") from None
    if size <= 0:
        raise UsageError(f"--memory {text!r} leaves a worker nothing; write 4GB, 512MB or none.")
    return size


def _missing(plan: Plan, store: str, name: str | None, changed: bool) -> Counter[str] | None:
    """Return how many cells of each method (by label) a store has not; None where there is no store, so that it has none."""
    from ecgbench.backlog import Backlog
    from ecgbench.store import Store

    if plan.case_count() is None:
        raise UsageError("An endless image set has no end of cells to look up; leave --dry-run out, or give it a count.")
    if "://" not in store and not Path(store).exists():
        return None
    labels = [variant.label for variant in plan.variants()]
    with Store(store, create=False) as opened:
        run = next((each for each in opened.runs() if each.name == name), None)
        backlog = Backlog(plan, opened, run, resume=run is not None, changed=changed)
        missing = Counter(dict.fromkeys(labels, 0))
        for items in backlog.chunks():
            missing.update(labels[index] for item in items for index in item.missing)
    return missing


def _say_plan(plan: Plan, as_json: bool, missing: Counter[str] | None = None) -> None:
    """Say what would be run; `missing`: how many cells of each method are to be run, where some are there already."""
    cases, methods, cells = plan.case_count(), [variant.label for variant in plan.variants()], plan.cell_count()
    reused = 0 if missing is None or cells is None else cells - missing.total()
    if as_json:
        looked_up = {} if missing is None else {"reused": reused, "to_run": dict(missing)}
        print_json({"cases": cases, "methods": methods, "cells": cells, **looked_up, **plan.to_dict()})
        return
    product = f"{counted(len(methods), 'method')} x {counted(cases, 'case')} = {counted(cells, 'cell')}"
    there = "" if missing is None else f"; {reused} reused, {missing.total()} to run"
    say(f"{product}, {counted(plan.repeats, 'timed call')} each{there}:")
    for label in methods:
        say(f"  {label}" if missing is None else f"  {label}: {missing[label]}")


def _carry_out(execution: Execution, plan: Plan, *, quiet: bool = False) -> Progress:
    """Carry out a plan and show how it gets on; Ctrl-C ends it, and says how to go on."""
    try:
        with (
            Progress(plan.cell_count(), quiet=quiet) as progress,
            closing(execution.outcomes()) as outcomes,  # at once, not when the traceback lets go of it: the store closes after
            stdout_kept_clean(),
        ):
            execution.on_reuse = progress.reuse
            for outcome in outcomes:
                progress.fetched = execution.fetched
                progress.add(outcome)
    except KeyboardInterrupt:
        say(f"Interrupted; what was done is kept. Go on with: {_resumption(execution.kept_run.name)}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if execution.stopped:
        say(f"Stopped by a watcher; what was done is kept. Go on with: {_resumption(execution.kept_run.name)}", err=True)
        raise typer.Exit(INTERRUPTED)
    return progress


def _resumption(name: str) -> str:
    """Return the command line that goes on with the run that this one began."""
    given = [_without_password(word) for word in sys.argv[1:] if word != "--resume"]
    named = any(word == "--name" or word.startswith("--name=") for word in given)
    return shlex.join(["ecgbench", *given, *([] if named else ["--name", name]), "--resume"])


def _without_password(word: str) -> str:
    """Return a word of a command line as it may be shown: a URL's password is nobody's affair.

    >>> _without_password("--store=postgresql://me:secret@host/db")
    '--store=postgresql://me:***@host/db'
    """
    return re.sub(r"(://[^/:@]+):[^@/]+@", r"\1:***@", word)


def _show_run(store: Store, run: Run, progress: Progress) -> None:
    from ecgbench.report import failures_table, leaderboard_tables

    for table in leaderboard_tables(store, run):
        console().print(table)
    failures = failures_table(store, run)
    if failures is not None:
        console().print(failures)
    say(f"run {run.name}: {progress.note}")


def _print_run(store: Store, run: Run, progress: Progress) -> None:
    from ecgbench.report import leaderboard_dict

    print_json({"run": run.to_dict(), "counts": progress.counts, "leaderboard": leaderboard_dict(store, run)})


def _next_steps(name: str, store: str) -> str:
    where = "" if store == DEFAULT_STORE else f" --store {shlex.quote(store)}"
    return f"See it again: ecgbench leaderboard {shlex.quote(name)}{where} · with pictures: ecgbench export {shlex.quote(name)}{where} --format html"


def _say_problems(plan: Plan) -> None:
    for problem in plan.registry.problems:
        say(f"left out: {problem.plugin} of {problem.origin}: {problem.message}", err=True)


def demo(
    directory: Annotated[Path, typer.Argument(help="Where pages, store and report are written.")] = Path("ecgbench-demo"),
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Workers; default and at most: one a core.")] = None,
) -> None:
    """Generate a sample set, run every built-in method over it, print the leaderboards, write report.html."""
    from ecgbench.execution import Execution
    from ecgbench.plugins.image_sets.truth_files import write_pages
    from ecgbench.registry import default_registry
    from ecgbench.report import write_report
    from ecgbench.store import Store
    from ecgbench.workers import parallel_map, wake_forkserver

    wake_forkserver()
    workers = _workers(jobs)
    pages = directory / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    say(f"Writing sample pages with their truth to {pages} ...")
    for _ in write_pages(default_registry().open_images("demo"), pages, run=partial(parallel_map, workers=workers)):
        pass
    plan = _plan([str(pages)], "*", [], repeats=DEMO_REPEATS, workers=workers, timeout=60.0)
    _say_plan(plan, as_json=False)
    with Store(directory / "runs.db") as store:
        execution = Execution(plan, store=store)
        progress = _carry_out(execution, plan)
        _show_run(store, execution.kept_run, progress)
        report = directory / "report.html"
        write_report(store, execution.kept_run, report, plan.registry)
    _say_problems(plan)
    say(f"With pictures: {report} · your own: ecgbench run FOLDER --methods 'edges.*'")


def list_runs(store: StorePath = DEFAULT_STORE, as_json: Json = False) -> None:
    """List the runs in a store, the newest first."""
    from ecgbench.report import runs_table

    with _existing(store) as opened:
        if as_json:
            print_json([{**each.to_dict(), "counts": opened.counts(each.id)} for each in opened.runs()])
            return
        console().print(runs_table(opened))


def leaderboard(
    run_name: RunName = None,
    task: Annotated[str | None, typer.Option(help="Only this task.")] = None,
    metric: Annotated[str | None, typer.Option(help="Rank by this score instead of the task's own.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Break the score down by type, layout, grid_color, dpi, severity or robustness.")
    ] = None,
    store: StorePath = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Rank the methods of a run, task by task: scores with 95 % intervals, times, failures."""
    from ecgbench import report

    with _existing(store) as opened:
        found = opened.find_run(run_name)
        if as_json:
            boards = {"leaderboard": report.leaderboard_dict(opened, found, task=task, metric=metric)}
            if by is not None:
                boards["breakdown"] = report.breakdown_dict(opened, found, by, task=task, metric=metric)
            print_json({"run": found.to_dict(), **boards})
            return
        tables = report.leaderboard_tables(opened, found, task=task, metric=metric)
        if by is not None:
            tables += report.breakdown_tables(opened, found, by, task=task, metric=metric)
        for table in [*tables, report.failures_table(opened, found)]:
            if table is not None:
                console().print(table)


def compare(
    a: Annotated[str, typer.Argument(help="METHOD, RUN or RUN:METHOD: the one held against ...")],
    b: Annotated[str, typer.Argument(help="... this one.")],
    metric: Annotated[str | None, typer.Option(help="Only this score.")] = None,
    fail_on: Annotated[
        list[str] | None, typer.Option(help="'METRIC (<|>) NUMBER[%|x]': exit 1 where B against A shows it.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a table fit for a pull request.")] = False,
    store: StorePath = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Compare two methods, or two runs, on the cases that both have, pair by pair."""
    from ecgbench.leaderboard import compare as compare_sides
    from ecgbench.report import comparison_markdown, comparison_tables
    from ecgbench.stats import parse_bound

    bounds = [parse_bound(text) for text in fail_on or []]
    with _existing(store) as opened:
        found = compare_sides(opened, a, b, metric=metric, bounds=bounds)
    if as_json:
        print_json(found.to_dict())
    elif markdown:
        say(comparison_markdown(found))
    else:
        for table in comparison_tables(found):
            console().print(table)
    raise typer.Exit(1 if found.crossed else 0)


def export(
    run_name: RunName = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help="csv, json, parquet, html or md; default: by --output's ending.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: RUN.FORMAT; - for stdout.")
    ] = None,
    upload: Upload = None,
    store: StorePath = DEFAULT_STORE,
) -> None:
    """Write a run's outcomes as a table, or its report."""
    from ecgbench.report import export as write_export

    check_upload(upload)
    if upload is not None and str(output) == "-":
        raise UsageError("--upload sends a file; give --output a name, or leave it out.")
    chosen = format or (output.suffix.lstrip(".").lower() if output and output.suffix else "csv")
    with _existing(store) as opened:
        found = opened.find_run(run_name)
        target = output or Path(f"{found.name}.{chosen}")
        write_export(opened, found, chosen, sys.stdout.buffer if str(target) == "-" else target)
    if str(target) != "-":
        say(str(target))
    if upload is not None:
        upload_files([target], upload, f"It is in {target}", shlex.join(["ecgbench", *sys.argv[1:]]))


def _existing(store: str) -> Store:
    from ecgbench.store import Store

    return Store(store, create=False)
