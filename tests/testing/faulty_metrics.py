"""Metrics that each break one promise and keep all others: a plugin for tests."""

import math

import numpy as np

from ecgbench import Score, hookimpl, metric

DOC = "Count something.\n\nSource: definition of this test."
OFFERED = []


def faulty(name, *, direction="higher", doc="share of something", story=DOC, combine=None, limits=(None, None)):
    """Make a metric of a function that gives one number, or a mapping, of result and truth."""

    def decorate(function):
        function.__doc__ = story
        made = metric(name, task="edges", scores=[Score(f"{name}_share", "1", direction, doc, combine, limits)])(function)
        OFFERED.append(made)
        return made

    return decorate


def share(name, result):
    return {f"{name}_share": float(result.edges.mean())}


@faulty("without_fault", combine=lambda rows: float(np.mean([row["without_fault_share"] for row in rows])) if rows else math.nan)
def without_fault(page, result, truth):
    return share("without_fault", result)


@faulty("scores_an_ordinary_case")
def empty(page, result, truth):
    return {}


@faulty("documents_its_scores", doc="share")
def terse(page, result, truth):
    return share("documents_its_scores", result)


@faulty("documents_its_scores_but_no_source", story="Count something.")
def sourceless(page, result, truth):
    return share("documents_its_scores_but_no_source", result)


def _hidden():
    @faulty("travels_by_name")
    def hidden(page, result, truth):
        return share("travels_by_name", result)

    return hidden


hidden = _hidden()


@faulty("gives_what_it_declares")
def undeclared(page, result, truth):
    return {"another": 1.0} if truth.content_box is not None else {}


@faulty("gives_what_it_declares_to_be_possible", limits=(None, 1.0))
def impossible(page, result, truth):
    return {"gives_what_it_declares_to_be_possible_share": 1.5} if truth.content_box is not None else {}


@faulty("tells_only_what_is_known")
def trusting(page, result, truth):
    return {"tells_only_what_is_known_share": truth.px_per_mm_x / 2}


@faulty("tells_only_what_is_known_with_nan")
def unsure(page, result, truth):
    return {"tells_only_what_is_known_with_nan_share": math.nan if truth.layout is None else 1.0}


@faulty("survives_tiny_pages")
def large(page, result, truth):
    return {"survives_tiny_pages_share": 1 / (min(page.shape) - 1)}


@faulty("answers_the_same_twice")
def rolling(page, result, truth):
    return {"answers_the_same_twice_share": float(np.random.default_rng().random())}


@faulty("answers_the_same_in_a_fresh_process")
def hashing(page, result, truth):
    return {"answers_the_same_in_a_fresh_process_share": float(hash("seed"))}


@faulty("leaves_result_and_truth_alone")
def scribbling(page, result, truth):
    result.edges[0, :7] = True
    return share("leaves_result_and_truth_alone", result)


@faulty("combines_any_rows", combine=lambda rows: rows[0]["combines_any_rows_share"] / sum(map(len, rows)))
def in_order(page, result, truth):
    return share("combines_any_rows", result) if result.edges.any() else {"combines_any_rows_share": 5.0}


@faulty("combines_any_rows_of_nothing", combine=lambda rows: math.inf)
def boundless(page, result, truth):
    return share("combines_any_rows_of_nothing", result)


@faulty("combines_any_rows_by_number", combine=lambda rows: None)
def wordless(page, result, truth):
    return share("combines_any_rows_by_number", result)


@hookimpl
def ecgbench_metrics():
    return OFFERED
