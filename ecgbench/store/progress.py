"""What a run already has: which cells are done, and how many ended how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, literal_column, select

from ecgbench.core.outcome import Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store.identity import identity_of
from ecgbench.store.ids import chunks, read_case, read_variant
from ecgbench.store.records import CellKey
from ecgbench.store.schema import NOT_DONE, SECONDS_BYTES, cases, outcomes, run_variants, variants
from ecgbench.store.text import to_text


def variants_of(connection: Connection, run_id: int) -> dict[int, Variant]:
    """Return the variants that have outcomes in the run, by number, in the order in which they came."""
    wanted = select(variants).join(run_variants, run_variants.c.variant_id == variants.c.id)
    rows = connection.execute(wanted.where(run_variants.c.run_id == run_id).order_by(variants.c.id))
    return {row.id: read_variant(row) for row in rows}


def cases_of(connection: Connection, run_id: int, numbers: Sequence[int] | None = None) -> dict[int, CaseInfo]:
    """Return the cases that have outcomes in the run, by number; those of `numbers` where they are given."""
    seen = cases.c.id.in_(select(outcomes.c.case_id).where(outcomes.c.run_id == run_id))
    wanted = [seen] if numbers is None else [cases.c.id.in_(chunk) for chunk in chunks(sorted(numbers))]
    rows = (row for where in wanted for row in connection.execute(select(cases).where(where).order_by(cases.c.id)))
    return {row.id: read_case(row) for row in rows}


def disturbed(connection: Connection, run_id: int) -> dict[int, int]:
    """Return how many outcomes of each variant were timed while others had the machine; variants without any are left out."""
    wanted = select(outcomes.c.variant_id, func.count()).where(outcomes.c.run_id == run_id, outcomes.c.disturbed)
    return {variant_id: int(count) for variant_id, count in connection.execute(wanted.group_by(outcomes.c.variant_id))}


def written(connection: Connection, run_id: int) -> dict[int, int]:
    """Return how many outcomes of each variant were ever written."""
    rows = connection.execute(select(run_variants).where(run_variants.c.run_id == run_id))
    return {row.variant_id: row.written for row in rows}


def written_in_all(connection: Connection) -> dict[int, dict[int, int]]:
    """Return how many outcomes of each variant of each run were ever written."""
    found: dict[int, dict[int, int]] = {}
    for row in connection.execute(select(run_variants)):
        found.setdefault(row.run_id, {})[row.variant_id] = row.written
    return found


def settled(
    connection: Connection, run_id: int, wanted: Sequence[CaseInfo], *, repeats: int | None = None
) -> list[frozenset[CellKey]]:
    """Return for each case the keys of its cells that are done, with `repeats` only those that were timed so often."""
    keys = {number: variant.key for number, variant in variants_of(connection, run_id).items()}
    done: dict[int, set[CellKey]] = {}
    identities = [identity_of(case) for case in wanted]
    named = list(zip((to_text(case.name) for case in wanted), identities, strict=True))
    for chunk in chunks(named):
        of_names = select(cases.c.id, cases.c.identity).where(cases.c.name.in_({name for name, _ in chunk}))
        sought = {identity for _, identity in chunk}
        numbers = {number: identity for number, identity in connection.execute(of_names) if identity in sought}
        cells = _done(run_id, list(keys), list(numbers))
        if repeats is not None:
            cells = cells.where(func.length(outcomes.c.seconds) == SECONDS_BYTES * repeats)
        for variant_id, case_id, metrics_hash in connection.execute(cells):
            done.setdefault(numbers[case_id], set()).add((keys[variant_id], metrics_hash))
    return [frozenset(done.get(identity, ())) for identity in identities]


def _done(run_id: int, variant_ids: Sequence[int], case_ids: Sequence[int]) -> Any:
    """Select the done cells among these; naming every variant lets the key of the table find each."""
    return select(outcomes.c.variant_id, outcomes.c.case_id, outcomes.c.metrics_hash).where(
        outcomes.c.run_id == run_id,
        outcomes.c.variant_id.in_(variant_ids),
        outcomes.c.case_id.in_(case_ids),
        outcomes.c.status == Status.DONE.value,
    )


def counts(connection: Connection, run_id: int) -> dict[int, dict[Status, int]]:
    """Return how many outcomes of each variant ended how."""
    of_run = outcomes.c.run_id == run_id
    total = select(outcomes.c.variant_id, func.count()).where(of_run).group_by(outcomes.c.variant_id)
    not_done = (
        select(outcomes.c.variant_id, outcomes.c.status, func.count())
        .where(of_run, literal_column(f"outcomes.{NOT_DONE.text}"))
        .group_by(outcomes.c.variant_id, outcomes.c.status)
    )
    found: dict[int, dict[Status, int]] = {}
    for variant_id, count in connection.execute(total):
        found[variant_id] = {Status.DONE: count}
    for variant_id, status, count in connection.execute(not_done):
        found[variant_id][Status(status)] = count
        found[variant_id][Status.DONE] -= count
    return {variant: {status: count for status, count in by.items() if count} for variant, by in found.items()}
