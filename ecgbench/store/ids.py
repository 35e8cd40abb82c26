"""Numbers for variants, metrics and cases: each is kept once in a store and named by its number elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Row, insert, select, update

from ecgbench.core.metric import COST_SCORES, Rows, Score
from ecgbench.core.outcome import Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store.bulk import IN_PLACEHOLDERS, BulkInsert
from ecgbench.store.identity import identity_of, number_of, unit_of
from ecgbench.store.schema import cases, metrics, score_columns, variants
from ecgbench.store.server import hold_names
from ecgbench.store.text import from_text, to_text, to_texts

CASES_REMEMBERED = 4_096  # enough for the batches in flight; a run of any length holds no more
FACTS = tuple(column.name for column in cases.columns if column.name not in ("id", "identity", "unit"))
_texts_of = attrgetter("name", "source", "content_id", "record", "type", "layout", "grid_color")
_Place = tuple[int, int, str, str]
_PLACES = "SELECT id, identity, name, source FROM cases WHERE name IN"
OF_ANY_TASK = frozenset(score.name for score in COST_SCORES)


def chunks(values: Sequence[Any], size: int = IN_PLACEHOLDERS) -> Iterator[Sequence[Any]]:
    """Cut a sequence into pieces of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


class Ids:
    """Looks numbers up, gives new ones, and remembers them; call `forget` when the transaction they were given in failed."""

    def __init__(self, dialect: Dialect) -> None:
        self._variants: dict[str, int] = {}
        self._metrics: dict[str, int] = {}
        self._columns: dict[tuple[int, int, int], int] = {}
        self._cases: dict[CaseInfo, int] = {}
        self._stale: dict[int, tuple[int, ...]] = {}
        self._mark = "?" if dialect.paramstyle == "qmark" else "%s"
        self._add_cases = BulkInsert(cases, dialect, keys=["name", "identity"])

    def forget(self) -> None:
        """Forget every number."""
        for known in (self._variants, self._metrics, self._columns, self._cases, self._stale):
            known.clear()

    def variant(self, connection: Connection, variant: Variant) -> int:
        """Return the number of a variant."""
        found = self._variants.get(variant.key)
        if found is None:
            hold_names(connection)
            row = variant_row(variant)
            of_key = select(variants.c.id).where(variants.c.key == row["key"])
            found = connection.scalar(of_key)
            if found is None:
                connection.execute(insert(variants).values(row))
                found = connection.execute(of_key).scalar_one()
            self._variants[variant.key] = found
        return found

    def declare(self, connection: Connection, scores: Iterable[Score]) -> None:
        """Keep unit, direction and sentence of each score, the latest ones given."""
        hold_names(connection)
        for score in scores:
            said = {"unit": score.unit, "direction": score.direction, "doc": score.doc, "combined": score.combine is not None}
            said["least"], said["most"] = score.limits
            known = connection.execute(update(metrics).where(metrics.c.name == score.name).values(said)).rowcount
            if not known:
                connection.execute(insert(metrics).values(name=score.name, task="", **said))

    def metric(self, connection: Connection, name: str, task: str) -> int:
        """Return the number of a score's name, which a method of `task` gave."""
        found = self._metrics.get(name)
        if found is None:
            hold_names(connection)
            if connection.scalar(select(metrics.c.id).where(metrics.c.name == name)) is None:
                undeclared = Score(name, "?", "none", "Not declared by a metric of the run that gave it.")
                self.declare(connection, [undeclared])
            if name not in OF_ANY_TASK:
                connection.execute(update(metrics).where(metrics.c.name == name, metrics.c.task == "").values(task=task))
            found = self._metrics[name] = connection.execute(select(metrics.c.id).where(metrics.c.name == name)).scalar_one()
        return found

    def column(self, connection: Connection, run_id: int, variant_id: int, metric_id: int) -> int:
        """Return the number of the column that holds one metric of one variant of a run."""
        key = run_id, variant_id, metric_id
        found = self._columns.get(key)
        if found is None:
            hold_names(connection)
            row = dict(zip(("run_id", "variant_id", "metric_id"), key, strict=True))
            of_key = select(score_columns.c.id).filter_by(**row)
            found = connection.scalar(of_key)
            if found is None:
                connection.execute(insert(score_columns).values(row))
                found = connection.execute(of_key).scalar_one()
            self._columns[key] = found
        return found

    def cases(self, connection: Connection, wanted: Sequence[CaseInfo]) -> list[int]:
        """Return the number of each case; what is newly said of a known case replaces what was known."""
        if len(self._cases) + len(wanted) > CASES_REMEMBERED:
            self._cases.clear()
            self._stale.clear()
        numbers = [self._cases.get(case) for case in wanted]
        missing = [case for case, number in zip(wanted, numbers, strict=True) if number is None]
        found = iter([number for chunk in chunks(missing) for number in self._given(connection, chunk)])
        return [next(found) if number is None else number for number in numbers]

    def stale(self, case_id: int) -> tuple[int, ...]:
        """Return the numbers of what stood at the same name and source as this case, but with other content (or none known)."""
        return self._stale.get(case_id, ())

    def _given(self, connection: Connection, missing: Sequence[CaseInfo]) -> list[int]:
        """Look up cases that are not remembered, after adding those that are new."""
        hold_names(connection)
        rows = _case_rows(missing)
        identities = [row[0] for row in rows]
        if self._add_cases(connection, list(zip(*rows, strict=True))) != len(rows):
            self._update(connection, {(row[2], row[0]): case for row, case in zip(rows, missing, strict=True)})
        names = {row[2] for row in rows}
        at_names = connection.exec_driver_sql(f"{_PLACES} ({', '.join([self._mark] * len(names))})", tuple(names))
        places = list(cast("Iterable[_Place]", at_names.cursor))  # straight from the driver, which gives tuples
        numbers = {identity: number for number, identity, _, _ in places}
        found = [numbers[identity] for identity in identities]
        self._cases.update(zip(missing, found, strict=True))
        # By name and identity: outcomes of several methods may come with a copy of their case each.
        told = {(row[2], row[0]) for row in rows}
        if len(places) > len(told):
            self._note_stale(places)
        return found

    @staticmethod
    def _update(connection: Connection, latest: Mapping[tuple[str, int], CaseInfo]) -> None:
        """Keep what is newly said of cases that are there already, by name as it is stored and identity."""
        names = {name for name, _ in latest}
        for row in connection.execute(select(cases).where(cases.c.name.in_(names))).all():
            case = latest.get((row.name, row.identity))
            if case is not None and read_case(row) != case:
                facts = dict(zip(("identity", "unit", *FACTS), _case_rows([case])[0], strict=True))
                connection.execute(update(cases).where(cases.c.id == row.id).values(facts))

    def _note_stale(self, places: Iterable[_Place]) -> None:
        at: dict[tuple[str, str], list[int]] = {}
        for number, _, name, source in places:
            at.setdefault((name, source), []).append(number)
        for numbers in at.values():
            if len(numbers) > 1:
                self._stale.update({number: tuple(other for other in numbers if other != number) for number in numbers})


def variant_row(variant: Variant) -> dict[str, Any]:
    """Return what the store keeps of a variant."""
    return {
        "key": number_of(variant.key),
        "method": variant.method,
        "task": variant.task,
        "version": variant.version,
        "source_hash": variant.source_hash,
        "params": json.dumps(dict(variant.params), default=repr),
        "origin": to_text(variant.origin),
    }


def read_score(row: Row[Any]) -> Score:
    """Make a score of its row; where its metric combines cases by a function, that one cannot tell (NaN) until the metric gives it."""
    return Score(row.name, row.unit, row.direction, row.doc, _cannot_tell if row.combined else None, (row.least, row.most))


def _cannot_tell(_rows: Rows) -> float:
    return float("nan")


def read_variant(row: Row[Any]) -> Variant:
    """Make a variant of its row."""
    params = json.loads(row.params)
    return Variant(row.method, row.task, row.version, row.source_hash, params, from_text(row.origin) or "")


def read_case(row: Any) -> CaseInfo:
    """Make a case's information of its row."""
    return CaseInfo(
        name=from_text(row.name) or "",
        source=from_text(row.source) or "",
        content_id=from_text(row.content_id),
        record=from_text(row.record),
        type=from_text(row.type),
        layout=from_text(row.layout),
        grid_color=from_text(row.grid_color),
        dpi=row.dpi,
        severity=row.severity,
    )


def _case_rows(given: Sequence[CaseInfo]) -> list[tuple[Any, ...]]:
    """Return what the store keeps of cases, in the order of the table's columns after the first."""
    texts = to_texts(tuple(chain.from_iterable(map(_texts_of, given))))  # all at one go: nearly always none needs another form
    of_each = zip(*[iter(texts)] * (len(texts) // len(given)), strict=True)
    rows = []
    for case, own in zip(given, of_each, strict=True):
        identity = identity_of(case)
        unit = identity if case.record is None else unit_of(case.record)
        rows.append((identity, unit, *own, case.dpi, case.severity))
    return rows
