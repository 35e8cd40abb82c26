"""What went wrong: errors by their message, and the worst scores; one picture of each with traceback and the command that repeats it."""

from __future__ import annotations

import streamlit as st

from ecgbench.core.outcome import Outcome
from ecgbench.dashboard.bench import Bench, RunView
from ecgbench.dashboard.controls import choose_run, choose_score
from ecgbench.dashboard.copyable import copyable
from ecgbench.dashboard.downloads import as_csv, csv_button
from ecgbench.dashboard.looking import difference_of, look, small_pictures
from ecgbench.dashboard.method_facts import plain
from ecgbench.dashboard.queries import groups_of, worst_of
from ecgbench.dashboard.url_state import choose_one, choose_tab
from ecgbench.dashboard.watching import redraw_on_change, watched_board
from ecgbench.leaderboard import Leaderboard
from ecgbench.report.board_plots import plot_labels
from ecgbench.report.failures import UNEXPLAINED, FailureGroup
from ecgbench.report.gallery import about
from ecgbench.report.pictures import PAGE, Picture
from ecgbench.report.reproducing import reproducing_command
from ecgbench.report.wording import count, with_unit

ERRORS, WORST = "Errors", "Worst scores"
CELLS_LISTED = 200  # of one reason
GALLERY, COLUMNS = 9, 3
MESSAGE_LETTERS = 110
SOURCE_LETTERS = 90


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Failures")
    run, kind = st.columns([2, 3], vertical_alignment="bottom")
    with run:
        view = choose_run(bench)
    with kind:
        shown = choose_tab("What went wrong", [ERRORS, WORST], key="kind")
    if shown == ERRORS:
        _errors(bench, view)
    else:
        _worst(bench, view)


def _errors(bench: Bench, view: RunView) -> None:
    groups = groups_of(view)
    if not groups:
        st.success(f"Nothing failed, overran or crashed in {plain(view.run.name)}.", icon=":material/check:")
        st.subheader("The worst scores instead")
        _worst(bench, view)
        return
    redraw_on_change(bench, view)
    total = sum(group.count for group in groups)
    st.subheader(f"{count(total, 'outcome')} without a result, for {count(len(groups), 'reason')}")
    columns = {
        "ended": [str(group.status) for group in groups],
        "message": [group.message for group in groups],
        "outcomes": [group.count for group in groups],
        "methods": [group.methods_text() for group in groups],
    }
    st.dataframe(columns, hide_index=True, alt="Reasons of failures, the most frequent first")
    csv_button(lambda: as_csv(list(columns), zip(*columns.values(), strict=True)), name=f"{view.run.name}-failures")
    named = {_name(group): group for group in groups}
    reason, cell = st.columns(2)
    with reason:
        group = named[choose_one("Reason", list(named), key="reason")]
    with cell:
        number, case = _choose_cell(view, group)
    _outcome(view, number, case)


def _name(group: FailureGroup) -> str:
    return f"{group.status}: {group.message}"[:MESSAGE_LETTERS]


def _choose_cell(view: RunView, group: FailureGroup) -> tuple[int, int]:
    """Let one of the outcomes of a group be chosen."""
    message = None if group.message == UNEXPLAINED else group.message
    cells = view.store.failures_alike(view.run.id, group.status, message, limit=CELLS_LISTED)
    variants = view.store.variants(view.run.id)
    named = {f"{variants[cell.variant_id].label} on {cell.name}": cell for cell in cells}
    if not named:
        return group.example_variant, group.example_case
    chosen = named[choose_one("Outcome", list(named), key="failure")]
    return chosen.variant_id, chosen.case_id


def _worst(bench: Bench, view: RunView) -> None:
    task, metric, method = st.columns(3)
    chosen_task, chosen_metric = choose_score(view, task, metric)
    found = watched_board(bench, view, chosen_task, chosen_metric)
    if found is None:
        return
    named = {label: number for number, label in plot_labels(found.board).items()}
    with method:
        number = named[choose_one("Method", list(named), key="method")]
    _gallery(view, found.board, number)


def _gallery(view: RunView, board: Leaderboard, number: int) -> None:
    """Show the pictures with a method's worst scores, the worst first."""
    score = board.ranked_by
    worst = worst_of(view, number, score.name, highest=score.direction == "lower", most=GALLERY)
    if not worst.cases.size:
        st.info(
            f"This method has no {score.name} on any picture: its truth is not known, or the method failed.",
            icon=":material/info:",
        )
        return
    known = view.store.cases(view.run.id, worst.cases.tolist())
    variant = view.store.variants(view.run.id)[number]
    cases = [known[each] for each in worst.cases.tolist()]
    with st.spinner("Drawing what it saw ..."):
        pictures = small_pictures(tuple(cases), number, variant, _specs(view))
    for start in range(0, len(cases), COLUMNS):
        for column, place in zip(st.columns(COLUMNS), range(start, min(start + COLUMNS, len(cases))), strict=False):
            with column:
                picture = pictures[place]
                said = f"{place + 1}. {cases[place].name}: {with_unit(score, float(worst.values[place]))}"
                if isinstance(picture, Picture):
                    st.image(
                        picture.encoded, caption=said, width="stretch", alt=f"What {variant.label} saw on {cases[place].name}"
                    )
                else:
                    st.info(f"{said}. {picture}", icon=":material/hide_image:")
    names = {case.name: each for case, each in zip(cases, worst.cases.tolist(), strict=True)}
    st.divider()
    _outcome(view, number, names[choose_one("Look closer at", list(names), key="worst")])


def _specs(view: RunView) -> tuple[str, ...]:
    return tuple(str(spec) for spec in view.run.plan.get("specs", ()))


def _outcome(view: RunView, number: int, case_number: int) -> None:
    """Show one outcome: the picture, what the method made of it or why it did not, and the command that repeats it."""
    outcome = view.store.outcome(view.run.id, number, case_number)
    if outcome is None:
        st.info("This outcome was run again meanwhile.", icon=":material/info:")
        return
    if outcome.error:
        st.error(f"{outcome.variant.label} {outcome.status}: {outcome.error}", icon=":material/error:")
    st.markdown("Run it again:")
    copyable(reproducing_command(outcome, _specs(view)))
    if outcome.traceback:
        with st.expander("Traceback", expanded=True):
            copyable(outcome.traceback)
    _sights(view, number, outcome)


def _sights(view: RunView, number: int, outcome: Outcome) -> None:
    case = outcome.case
    wanted = {number: outcome.variant} if outcome.ok else {}
    with st.spinner("Drawing ..."):
        seen = look(case, wanted, _specs(view))
    shown = {"The picture": PAGE} | ({"What it saw": number, "Against the truth": difference_of(number)} if outcome.ok else {})
    source = (
        case.source if len(case.source) <= SOURCE_LETTERS else f"{case.source[:SOURCE_LETTERS]}…"
    )  # generated pages spell out their seeds
    st.caption(plain(f"{case.name}, {about(case) or 'of which nothing is known'}, from {source}"))
    for column, (title, place) in zip(st.columns(max(2, len(shown))), shown.items(), strict=False):
        with column:
            picture = seen.get(place, seen.get(number, ""))
            st.markdown(f"**{title}**")
            if isinstance(picture, Picture):
                st.image(picture.encoded, width="stretch", alt=f"{title}: {case.name}")
            elif picture:
                st.info(picture, icon=":material/hide_image:")
