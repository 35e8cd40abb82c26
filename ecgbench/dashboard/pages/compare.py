"""Two to four methods on the same pictures: side by side, one over the other, against the truth, and in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ecgbench.core.metric import Score
from ecgbench.core.truth import CaseInfo
from ecgbench.dashboard.bench import Bench
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.chart_specs import differences_of
from ecgbench.dashboard.controls import choose_run, choose_score
from ecgbench.dashboard.copyable import copyable
from ecgbench.dashboard.downloads import as_csv, csv_button
from ecgbench.dashboard.looking import NO_TRUTH, difference_of, look
from ecgbench.dashboard.memory import Itself
from ecgbench.dashboard.queries import compared, largest_disagreements, pairs_of
from ecgbench.dashboard.sides import MOST, Side, shown_names, sides_of
from ecgbench.dashboard.url_state import choose_one, choose_some, choose_tab
from ecgbench.dashboard.watching import watched_board
from ecgbench.dashboard.wipe import wipe_html
from ecgbench.leaderboard import ComparisonRow
from ecgbench.report.gallery import about
from ecgbench.report.pictures import PAGE, Picture, Sights
from ecgbench.report.quoting import quotable
from ecgbench.report.wording import MISSING, heading, in_shown_unit, with_unit
from ecgbench.store import FAILED, Pairs

PICTURES_LISTED = 200  # those that disagree most; of more nobody reads on
ROWS_IN_SIGHT, TABLE_PIXELS = 5, 236  # as high as the chart beside it
PICTURE, TABLE = "picture", "disagreements"
SIDE_BY_SIDE, WIPE, TRUTH = "Side by side", "Wipe", "Against the truth"


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Compare")
    run, task, metric = st.columns([2, 1, 2])
    with run:
        view = choose_run(bench)
    chosen_task, chosen_metric = choose_score(view, task, metric)
    offered = sides_of(bench, view, chosen_task)
    found = watched_board(bench, view, chosen_task, chosen_metric)
    if found is None:
        return
    best = [row.variant_id for row in found.board.rows]
    ranked = sorted(offered, key=lambda side: best.index(side.number) if side.view == view else len(best))
    keys = [side.key for side in ranked]
    chosen = choose_some(
        "Compare two to four methods, the first is what the others are held against",
        keys, key="sides", default=keys[:2], most=MOST,
        help="Other params or another run of a method are offered as well.",
    )  # fmt: skip
    sides = [side for key in chosen for side in ranked if side.key == key]
    if len(sides) < 2:
        st.info(
            "Choose two methods or more; with only one in the store, run another: `ecgbench run SPEC --methods '*'`.",
            icon=":material/compare:",
        )
        return
    _compare(sides, found.board.ranked_by)


def _compare(sides: Sequence[Side], score: Score) -> None:
    names, first = shown_names(sides), sides[0]
    _machines(sides)
    rows = [_row(first, side, score, names[0], name) for side, name in zip(sides[1:], names[1:], strict=True)]
    for row in rows:
        copyable(quotable(row, a=row.a, b=row.b))
    pairs = Itself(_pairs(first, sides[1], score))
    listed = largest_disagreements(pairs, PICTURES_LISTED)
    numbers = (
        listed.cases
        if listed.cases.size
        else first.view.store.numbers(first.view.run.id, first.number, FAILED).cases[:PICTURES_LISTED]
    )
    known = first.view.store.cases(first.view.run.id, numbers.tolist())
    cases = {known[number].name: (number, known[number]) for number in numbers.tolist()}
    left, right = st.columns([3, 2])
    with left:
        _disagreements(listed, [known[number] for number in listed.cases.tolist()], names, score)
    with right:
        st.subheader("How differences are spread")
        spec = differences_of(pairs, Itself(rows[0]))
        st.vega_lite_chart(None, spec, alt="Histogram of differences picture by picture")
    if cases:
        _pictures(sides, names, cases, score)


def _machines(sides: Sequence[Side]) -> None:
    """Say in what the machines of the runs differ, which may explain times."""
    first = sides[0].view.run.environment
    unlike = dict.fromkeys(name for side in sides[1:] for name in first.differences(side.view.run.environment))
    if unlike:
        st.caption(f"Not measured alike, which may explain times: {', '.join(unlike)}.")


def _pairs(a: Side, b: Side, score: Score) -> Pairs:
    return pairs_of(a.view, a.number, b.view, b.number, score.name)


def _row(a: Side, b: Side, score: Score, name_a: str, name_b: str) -> ComparisonRow:
    return compared(Itself(_pairs(a, b, score)), score, a=name_a, b=name_b, task=a.variant.task)


def _disagreements(listed: Pairs, cases: list[CaseInfo], sides: Sequence[str], score: Score) -> None:
    """List the pictures on which the first two differ most; a click on one shows it below."""
    st.subheader("Pictures they disagree on most")
    unit = in_shown_unit(score, 1.0) or 1.0
    columns: dict[str, list[Any]] = {
        "picture": [case.name for case in cases],
        "type": [case.type for case in cases],
        sides[0]: (listed.a * unit).tolist(),
        sides[1]: (listed.b * unit).tolist(),
        f"Δ {heading(score)}": ((listed.b - listed.a) * unit).tolist(),
    }
    if not listed.cases.size:
        st.caption(f"They have no picture in common on which both have a finite {score.name}.")
        return
    configured = {name: st.column_config.NumberColumn(name, format="%.4g") for name in list(columns)[2:]}
    height: Any = TABLE_PIXELS if listed.cases.size > ROWS_IN_SIGHT else "content"
    st.dataframe(columns, hide_index=True, height=height, column_config=configured, key=TABLE, placeholder=MISSING,
                 on_select=lambda: _take_row(columns["picture"]), selection_mode="single-row",
                 alt="Pictures by difference, the largest first")  # fmt: skip
    csv_button(lambda: as_csv(list(columns), zip(*columns.values(), strict=True)), name="disagreements")


def _take_row(names: Sequence[str]) -> None:
    rows = st.session_state[TABLE]["selection"]["rows"]
    if rows:
        st.session_state[PICTURE] = names[rows[0]]


@st.fragment
@guarded
def _pictures(sides: Sequence[Side], names: Sequence[str], cases: dict[str, tuple[int, CaseInfo]], score: Score) -> None:
    picture, mode = st.columns([3, 2], vertical_alignment="bottom")
    with picture:
        case_number, case = cases[choose_one("Picture", list(cases), key=PICTURE)]
    with mode:
        shown = choose_tab("View", [SIDE_BY_SIDE, WIPE, TRUTH], key="view")
    st.caption(about(case) or "Nothing is known of this picture but its pixels.")
    with st.spinner("Drawing what they see ..."):
        specs = tuple(dict.fromkeys(spec for side in sides for spec in side.specs))
        seen = look(case, {side.number: side.variant for side in sides}, specs)
    if shown == WIPE:
        _wipe(sides, names, seen)
        return
    for column, side, name in zip(st.columns(len(sides)), sides, names, strict=True):
        number = difference_of(side.number) if shown == TRUTH else side.number
        with column:
            st.markdown(f"**`{name}`** · {_value(side, case_number, score)}")
            _image(seen.get(number, seen.get(side.number, NO_TRUTH)), f"{shown} of {name} on {case.name}")
    if shown == TRUTH:
        st.caption("Vermilion: found, but not there. Blue: there, but missed. The more there is around, the stronger.")


def _value(side: Side, number: int, score: Score) -> str:
    """Return a side's score on a picture in words, or how it ended there."""
    outcome = side.view.store.outcome(side.view.run.id, side.number, number)
    if outcome is None:
        return "not run on this picture"
    return with_unit(score, outcome.scores.get(score.name)) if outcome.ok else f"{outcome.status}"


def _image(picture: Picture | str, words: str) -> None:
    if isinstance(picture, str):
        st.info(picture, icon=":material/hide_image:")
    else:
        st.image(picture.encoded, width="stretch", alt=words)


def _wipe(sides: Sequence[Side], names: Sequence[str], seen: Sights) -> None:
    """Show one picture over another; where there are more than two, or the page itself is wanted, two are chosen."""
    offered = [*names, "the page"]
    numbers = dict(zip(offered, [*(side.number for side in sides), PAGE], strict=True))
    left, right = st.columns(2)
    with left:
        above = choose_one("Left of the line", offered, key="above")
    with right:
        below = choose_one("Right of the line", offered, key="below", default=offered[1])
    pictures = [seen.get(numbers[name], NO_TRUTH) for name in (above, below)]
    if isinstance(pictures[0], Picture) and isinstance(pictures[1], Picture):
        st.iframe(
            wipe_html(pictures[0], pictures[1], above_name=above, below_name=below), alt=f"{above} over {below}, with a slider"
        )
    else:
        for each in dict.fromkeys(each for each in pictures if isinstance(each, str)):
            st.info(each, icon=":material/hide_image:")
