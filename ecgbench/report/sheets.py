"""Tables as plain cells, before they are shown on a terminal, in Markdown or in HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ecgbench.core.metric import COST_SCORES, Score
from ecgbench.core.outcome import Status
from ecgbench.leaderboard import ROBUSTNESS, BoardRow, BoardScore, Breakdown, Comparison, ComparisonRow, Leaderboard
from ecgbench.report.failures import FailureGroup
from ecgbench.report.wording import MISSING, count, heading, score_text, short_method
from ecgbench.store import FAILURES, Run

SHARED = (
    "=: not told apart from the first method of this rank, by 95 % intervals; `ecgbench compare A B` looks at both page by page."
)
COSTS = {score.name: score for score in COST_SCORES}
TIME, MEMORY = COSTS["wall_median_s"], COSTS["peak_memory_mb"]
MESSAGE_LETTERS = 160  # of an error in a table; the report has the traceback
METHODS_NAMED = 3  # of a group of failures in a table; the report names all
FACT_LETTERS = 60  # of what is said of a machine in a note


@dataclass(frozen=True)
class Column:
    """A column: its heading, a sentence about it, and whether it may be left out where there is no room."""

    title: str
    doc: str = ""
    numeric: bool = False
    spare: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: its text, what stands small beside it, and whether it is the table's point ("main") or a fault ("bad")."""

    text: str
    small: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table: what it shows in a line, its columns and rows, and sentences to stand below it."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def leaderboard_sheet(board: Leaderboard) -> Sheet:
    """Return a task's leaderboard: rank, method, the score that ranks with its interval, how outcomes ended, costs, the other scores."""
    ranked_by, rows = board.ranked_by, board.rows
    made = [
        (Column("#", "rank; methods share one where their 95 % intervals overlap", numeric=True), _ranks(rows)),
        (Column("method"), [Cell(short_method(row.label, board.task)) for row in rows]),
        *_ranking(board),
        *_endings(rows),
        *[_cost(cost, board) for cost in (TIME, MEMORY) if cost.name != ranked_by.name and _has(board, cost)],
        *_front(rows),
        *[
            (Column(heading(score), score.doc, numeric=True, spare=True), [_mean(row, score) for row in rows])
            for score in other_scores(board)
        ],
    ]
    columns, cells = zip(*made, strict=True)
    return Sheet(_title(board), columns, list(zip(*cells, strict=True)), [SHARED] if _shared(rows) else [])


def _ranks(rows: Sequence[BoardRow]) -> list[Cell]:
    """Return the ranks, "=" beside those that more than one method has."""
    held = Counter(row.rank for row in rows)
    return [Cell(f"{row.rank}=" if held[row.rank] > 1 else str(row.rank)) for row in rows]


def _shared(rows: Sequence[BoardRow]) -> bool:
    return len({row.rank for row in rows}) < len(rows)


def _front(rows: Sequence[BoardRow]) -> list[tuple[Column, list[Cell]]]:
    """Return which methods are on the Pareto front of time and the score that ranks, where there is more than one to tell of."""
    if sum(row.on_front is not None for row in rows) < 2:
        return []
    doc = "on the Pareto front: no other method is both quicker and better"
    return [(Column("Pareto", doc, spare=True), [Cell("yes" if row.on_front else "") for row in rows])]


def other_scores(board: Leaderboard) -> list[Score]:
    """Return the scores of a task beside the one that ranks and the costs, in the order in which they were declared."""
    found = {name: each.score for row in board.rows for name, each in row.scores.items()}
    return [score for name, score in found.items() if name not in COSTS and name != board.ranked_by.name]


def _title(board: Leaderboard) -> str:
    pages = max((row.n for row in board.rows), default=0)
    return f"{board.task}: {count(len(board.rows), 'method')} on {count(pages, 'page')}, ranked by {board.ranked_by.name}"


def _ranking(board: Leaderboard) -> list[tuple[Column, list[Cell]]]:
    """Return the columns of the score that ranks: its mean with the interval, and with failures as worst where there are any."""
    score = board.ranked_by
    means = [_interval(row.scores.get(score.name)) for row in board.rows]
    found = [(Column(heading(score), f"{score.doc}; mean and 95 % interval", numeric=True), means)]
    if any(fails(row, score) for row in board.rows):
        counted = [
            Cell(score_text(score, row.scores[score.name].ranked) if score.name in row.scores else MISSING) for row in board.rows
        ]
        doc = "the same mean with every page without a value counted as the worst value; this ranks"
        found.append((Column("failures as worst", doc, numeric=True), counted))
    if any(_without(row, score) != sum(row.failures.values()) for row in board.rows):
        missing = [Cell(str(_without(row, score)), kind="bad" if fails(row, score) else "") for row in board.rows]
        doc = "pages without this score: the method failed, found nothing to be scored, or the truth is not known"
        found.append((Column("without it", doc, numeric=True), missing))
    return found


def fails(row: BoardRow, score: Score) -> int:
    """Return on how many pages a method should have a score but has none."""
    return row.scores[score.name].failures if score.name in row.scores else 0


def _without(row: BoardRow, score: Score) -> int:
    return row.n - (row.scores[score.name].n if score.name in row.scores else 0)


def _interval(found: BoardScore | None) -> Cell:
    if found is None:
        return Cell(MISSING)
    return Cell(score_text(found.score, found.mean), interval_text(found), "main")


def interval_text(found: BoardScore) -> str:
    """Return the interval of a score as "0.88 to 0.94", "" where there is none."""
    if found.low is None or found.high is None:
        return ""
    return f"{score_text(found.score, found.low)} to {score_text(found.score, found.high)}"


def _has(board: Leaderboard, score: Score) -> bool:
    return any(score.name in row.scores for row in board.rows)


def _cost(cost: Score, board: Leaderboard) -> tuple[Column, list[Cell]]:
    column = Column(_cost_heading(cost), f"{cost.doc}; median over the pages", numeric=True, spare=cost is MEMORY)
    return column, [_median(row, cost) for row in board.rows]


def _mean(row: BoardRow, score: Score) -> Cell:
    found = row.scores.get(score.name)
    return Cell(score_text(score, found.mean) if found else MISSING)


def _median(row: BoardRow, cost: Score) -> Cell:
    found = row.scores.get(cost.name)
    return Cell(score_text(cost, found.median) if found else MISSING)


def _cost_heading(cost: Score) -> str:
    return heading(Score({"wall_median_s": "time", "peak_memory_mb": "memory"}[cost.name], cost.unit, cost.direction, cost.doc))


def _endings(rows: Sequence[BoardRow]) -> list[tuple[Column, list[Cell]]]:
    """Return how many outcomes are done, and how many ended in each other way that occurs."""
    found = [
        (
            Column("done", "pages that the method gave a result for", numeric=True),
            [Cell(str(row.counts.get(Status.DONE, 0))) for row in rows],
        )
    ]
    for status in (*FAILURES, Status.SKIPPED):
        counts = [row.counts.get(status, 0) for row in rows]
        if any(counts) or status is Status.FAILED:
            cells = [Cell(str(each), kind="bad" if each and status in FAILURES else "") for each in counts]
            found.append((Column(status.value, f"pages on which the method {_ended(status)}", numeric=True), cells))
    return found


def _ended(status: Status) -> str:
    return {Status.FAILED: "raised an error", Status.SKIPPED: "was skipped"}.get(status, status.value)


def failures_sheet(groups: Sequence[FailureGroup], total: int) -> Sheet:
    """Return failures grouped by how and why: how many, of which methods, an example."""
    columns = [Column("n", numeric=True), Column("ended"), Column("why"), Column("methods"), Column("for example", spare=True)]
    rows = [
        [
            Cell(str(group.count), kind="bad"),
            Cell(group.status.value),
            Cell(_cut(group.message, MESSAGE_LETTERS)),
            Cell(group.methods_text(METHODS_NAMED)),
            Cell(group.example.case.name),
        ]
        for group in groups
    ]
    return Sheet(f"{count(total, 'failure')}", columns, rows)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def runs_sheet(runs: Iterable[tuple[Run, Mapping[Status, int]]]) -> Sheet:
    """Return runs with their outcome counts, in the order in which they are given."""
    columns = [Column("run"), Column("started (UTC)"), Column("state"), Column("done", numeric=True), Column("failed", numeric=True),
               Column("methods", numeric=True), Column("images", spare=True)]  # fmt: skip
    return Sheet("runs", columns, [_run_cells(run, counts) for run, counts in runs])


def _run_cells(run: Run, counts: Mapping[Status, int]) -> list[Cell]:
    failed = sum(counts.get(status, 0) for status in FAILURES)
    return [
        Cell(run.name, kind="main"),
        Cell(f"{run.started_at:%Y-%m-%d %H:%M}"),
        Cell(run.state, kind="" if run.state == "finished" else "bad"),
        Cell(str(counts.get(Status.DONE, 0))),
        Cell(str(failed), kind="bad" if failed else ""),
        Cell(str(len(run.plan.get("methods", ())))),
        Cell(", ".join(map(str, run.plan.get("specs", ())))),
    ]


def comparison_sheets(comparison: Comparison) -> list[Sheet]:
    """Return a table a pair of methods: each score of a and b on the pages that both have, their difference, and what it shows."""
    pairs: dict[tuple[str, str, str], list[ComparisonRow]] = {}
    for row in comparison.rows:
        pairs.setdefault((row.a, row.b, row.task), []).append(row)
    columns = [Column("score"), Column("a", numeric=True), Column("b", numeric=True), Column("b - a", "with its 95 % interval", numeric=True),
               Column("change", numeric=True), Column("n", "pages that both have a value of", numeric=True, spare=True),
               Column("effect", "rank-biserial correlation, -1 to 1", numeric=True, spare=True),
               Column("p", "Wilcoxon's test over records, by Holm for all scores here", numeric=True, spare=True), Column("b is")]  # fmt: skip
    sheets = [
        Sheet(_pair_title(comparison, *pair), columns, [_difference(row) for row in rows], _remarks(rows))
        for pair, rows in pairs.items()
    ]
    notes = comparison_notes(comparison)
    return (
        [*sheets[:-1], replace(sheets[-1], notes=[*sheets[-1].notes, *notes])]
        if sheets
        else [Sheet("Nothing to compare.", [], [], notes)]
    )


def breakdown_sheet(found: Breakdown, board: Leaderboard) -> Sheet:
    """Return a task's score, a row a method in the order of the leaderboard, a column a group of pages."""
    columns = [Column("method"), *[Column(group, f"{found.by} {group}", numeric=True) for group in found.groups]]
    rows = [
        [Cell(short_method(row.label, board.task)), *[_group_cell(found, row.variant_id, group) for group in found.groups]]
        for row in board.rows
    ]
    what = (
        f"area under {heading(found.score)} over severity by type"
        if found.by == ROBUSTNESS
        else f"mean {heading(found.score)} by {found.by}"
    )
    return Sheet(f"{found.task}: {what}, with 95 % intervals", columns, rows)


def _group_cell(found: Breakdown, variant_id: int, group: str) -> Cell:
    summary = found.values[variant_id].get(group)
    if summary is None or summary.mean is None:
        return Cell(MISSING)
    between = "" if summary.low is None else f"{score_text(found.score, summary.low)} to {score_text(found.score, summary.high)}"
    return Cell(score_text(found.score, summary.mean), between)


def _pair_title(comparison: Comparison, a: str, b: str, task: str) -> str:
    here, there = (
        name if name.endswith(f":{label}") else f"{name}:{label}" for name, label in ((comparison.a, a), (comparison.b, b))
    )
    return f"{task}: b = {there} against a = {here}"


def _difference(row: ComparisonRow) -> list[Cell]:
    score, paired = row.score, row.paired
    between = ""
    if paired.low is not None and paired.high is not None:
        between = f"{score_text(score, paired.low)} to {score_text(score, paired.high)}"
    change = MISSING if paired.relative is None else f"{100 * paired.relative:+.3g} %"
    kind = {"better": "main", "worse": "bad"}.get(paired.verdict, "")
    return [
        Cell(heading(score)),
        Cell(score_text(score, paired.mean_a)),
        Cell(score_text(score, paired.mean_b)),
        Cell(score_text(score, paired.difference), between),
        Cell(change),
        Cell(str(paired.n)),
        Cell(f"{row.test.effect:+.2f}"),
        Cell(MISSING if row.p_adjusted is None else f"{row.p_adjusted:.2g}"),
        Cell(paired.verdict, kind=kind),
    ]


def _remarks(rows: Sequence[ComparisonRow]) -> list[str]:
    """Say of which scores there is no interval, and why; and whatever else is to be said of one."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for remark in (row.paired.note, row.note):
            if remark:
                found.setdefault(remark, []).append(row.score.name)
    return [f"{', '.join(names)}: {remark}." for remark, names in found.items()]


def comparison_notes(comparison: Comparison) -> list[str]:
    """Return what bounds say, and in what the environments of the two sides differ."""
    checks = [check.sentence for check in comparison.checks]
    differences = [f"{name} ({_fact(a)} / {_fact(b)})" for name, (a, b) in comparison.environment.items()]
    if differences:
        checks.append(f"The two were not measured alike, which may explain times: {', '.join(differences)}.")
    return checks


def _fact(value: object) -> str:
    return MISSING if value is None else _cut(str(value), FACT_LETTERS)
