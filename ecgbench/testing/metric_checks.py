"""The checks of a metric: what leaderboards, comparisons and the store take for granted of the numbers it gives."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ecgbench.core.metric import NO_LIMITS, Rows, Score
from ecgbench.core.page import Page
from ecgbench.core.results import Result
from ecgbench.testing.calling import contents, differing
from ecgbench.testing.check import CannotTell, CheckFailed, Subject, checks_of
from ecgbench.testing.fresh import in_a_fresh_process
from ecgbench.testing.samples import Sample, partial_samples, samples, tiny_samples
from ecgbench.workers import Beat, one_line

FEWEST_WORDS = 3  # of a score's sentence: fewer repeat its name
CANNOT_TELL = (ArithmeticError, LookupError, ValueError)  # what a combine may raise instead of giving NaN


def scores_an_ordinary_case(subject: Subject, _beat: Beat) -> None:
    """All else rests on it: where the whole truth is known, a metric gives at least one of its scores."""
    given = [_scores(subject, sample) for sample in _samples(subject)]
    if not any(given):
        raise CheckFailed("it gave no score, though every field of the truth is known")


def documents_its_scores(subject: Subject, _beat: Beat) -> None:
    """A number is read by people who did not write it: each needs a unit, a direction and a sentence, the metric its formula and source."""
    for score in subject.value.scores:
        if len(score.doc.split()) < FEWEST_WORDS:
            raise CheckFailed(f"the score {score.name} says only {score.doc!r}; write a sentence")
    if "Source:" not in subject.value.doc:
        raise CheckFailed('its docstring has no "Source:"; name the paper or standard, or say that the definition is yours')


def travels_by_name(subject: Subject, _beat: Beat) -> None:
    """A metric scores in the worker, where the pixels are, and is sent there by its module and name."""
    metric = subject.value
    where = f"{metric.score.__module__}.{metric.score.__qualname__}"
    try:
        returned = pickle.loads(pickle.dumps(metric))  # noqa: S301 - what was just written
    except Exception as error:
        raise CheckFailed(f"it cannot be pickled: {one_line(error)}; decorate a function at the top of a module") from None
    if returned is not metric:
        raise CheckFailed(f"{where} does not lead back to it; decorate a function at the top of a module and keep its name")


def gives_what_it_declares(subject: Subject, _beat: Beat) -> None:
    """Tables have a column for each declared score: a name that is not declared has neither unit nor direction, text is no number.

    Intervals end at a score's limits: a number beyond them says that they are wrong.
    """
    declared = {score.name: score for score in subject.value.scores}
    for sample in _samples(subject):
        for name, value in _scores(subject, sample).items():
            if name not in declared:
                raise CheckFailed(f"it gave {name!r}, which it does not declare; declared: {', '.join(sorted(declared))}")
            _check_number(name, value, sample)
            _check_limits(declared[name], float(value), sample)


def tells_only_what_is_known(subject: Subject, _beat: Beat) -> None:
    """Most pages come with a part of the truth: a name whose truth is not known is left out, it is not NaN, 0 or an exception."""
    for sample in partial_samples(subject.value.task, _maker(subject)):
        for name, value in _scores(subject, sample).items():
            _check_number(name, value, sample)


def survives_tiny_pages(subject: Subject, _beat: Beat) -> None:
    """A crop may be a pixel high or wide, and hold no ink at all: shares of nothing divide by zero there."""
    for sample in tiny_samples(subject.value.task, _maker(subject)):
        for name, value in _scores(subject, sample).items():
            _check_number(name, value, sample)


def answers_the_same_twice(subject: Subject, _beat: Beat) -> None:
    """A difference between two runs must come from the methods; a metric that draws at random needs a seed."""
    first = _all_scores(subject)
    for name, scores in _all_scores(subject).items():
        changed = differing(first[name], scores)
        if changed:
            raise CheckFailed(f"{changed} came out otherwise the second time ({name})")


def answers_the_same_in_a_fresh_process(subject: Subject, _beat: Beat) -> None:
    """Scores come from many workers, on many days: they must not depend on what ran before or on the order of sets of texts."""
    there = in_a_fresh_process(_all_scores, subject)
    for name, scores in _all_scores(subject).items():
        changed = differing(scores, there.get(name, {}))
        if changed:
            raise CheckFailed(f"{changed} came out otherwise in another process ({name})")


def leaves_result_and_truth_alone(subject: Subject, _beat: Beat) -> None:
    """Several metrics look at one result and one truth; what one writes into them, the next would score."""
    for sample in _samples(subject):
        before = contents(sample.result) | contents(sample.truth)
        _scores(subject, sample)
        changed = differing(before, contents(sample.result) | contents(sample.truth))
        if changed:
            raise CheckFailed(f"it changed {changed} of what it was given ({sample.name}); work on a copy")


def combines_any_rows(subject: Subject, _beat: Beat) -> None:
    """Sets may be empty, and cases may lack a score or hold NaN: a combine gives a number, or NaN where it cannot tell, in any order."""
    rows = [_scores(subject, sample) for sample in _samples(subject)]
    for score in [score for score in subject.value.scores if score.combine is not None]:
        awkward: Iterable[Rows] = ([], [{}], [{score.name: math.nan}], [{}, *rows], rows[:1])
        for each in awkward:
            _combined(score, each)
        there, back = _combined(score, rows), _combined(score, rows[::-1])
        if not (math.isclose(there, back, rel_tol=1e-9) or (math.isnan(there) and math.isnan(back))):
            raise CheckFailed(f"the combine of {score.name} gives {there:g}, and {back:g} of the same rows in reverse order")


def _combined(score: Score, rows: Rows) -> float:
    if score.combine is None:
        return math.nan
    try:
        value = score.combine(rows)
        number = float(value)
    except CANNOT_TELL:
        return math.nan
    except Exception as error:
        raise CheckFailed(f"the combine of {score.name} raised {one_line(error)} of {_shown(rows)}") from None
    if math.isinf(number):
        raise CheckFailed(f"the combine of {score.name} gave {number} of {_shown(rows)}; give NaN where it cannot tell")
    return number


def _check_limits(score: Score, value: float, sample: Sample) -> None:
    least, most = score.limits if score.combine is None else NO_LIMITS
    if (least is not None and value < least) or (most is not None and value > most):
        said = " to ".join("any" if end is None else f"{end:g}" for end in score.limits)
        raise CheckFailed(f"{score.name} = {value:g} lies beyond its limits, {said} ({sample.name})")


def _shown(rows: Rows) -> str:
    return str(rows) if len(rows) < 2 else f"{len(rows)} rows"


def _check_number(name: str, value: Any, sample: Sample) -> None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CheckFailed(f"{name} is {value!r}, not a number ({sample.name})") from None
    if not math.isfinite(number):
        raise CheckFailed(f"{name} is {number} ({sample.name}); leave a name out where it cannot be told")


def _scores(subject: Subject, sample: Sample) -> Mapping[str, float]:
    try:
        given = subject.value.score(sample.page, sample.result, sample.truth)
    except Exception as error:
        raise CheckFailed(f"it raised {one_line(error)} ({sample.name})") from None
    if not isinstance(given, Mapping):
        raise CheckFailed(f"it gave {type(given).__name__}, not a mapping of names to numbers ({sample.name})")
    return given


def _samples(subject: Subject) -> Iterator[Sample]:
    none = True
    for sample in samples(subject.value.task, _maker(subject)):
        none = False
        yield sample
    if none:
        raise CannotTell(
            f"no method of the task {subject.value.task!r} is there to give it a result; offer one beside the metric"
        )


def _all_scores(subject: Subject) -> dict[str, dict[str, str]]:
    """Return digests of all scores of all samples, as they travel between processes."""
    return {sample.name: contents(_scores(subject, sample)) for sample in _samples(subject)}


def _maker(subject: Subject) -> Callable[[Page], Result] | None:
    """Return what makes a result of a page, for tasks that are not built in: the first method of the task."""
    return subject.methods[0] if subject.methods else None


METRIC_CHECKS = checks_of(
    "metric",
    first=scores_an_ordinary_case,
    declared=(documents_its_scores, travels_by_name),
    called=(
        gives_what_it_declares, tells_only_what_is_known, survives_tiny_pages, answers_the_same_twice,
        answers_the_same_in_a_fresh_process, leaves_result_and_truth_alone, combines_any_rows,
    ),
)  # fmt: skip
