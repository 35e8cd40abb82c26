"""Drawings are made again from where the picture was, or a sentence says why not."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ecgbench import Case, CaseInfo, EdgeMap, Gray, ImageSetOpener, Page, hookimpl, transformer
from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.registry import Registry
from ecgbench.report.redrawing import RedoError, redo


def outcome_of(store, run, case="a.png", method="edges.canny"):
    return next(each for each in store.outcomes(run.id, method=method) if each.case.name == case)


def test_a_drawing_is_made_again_of_the_picture_the_method_and_its_params(store, run, registry):
    outcome = outcome_of(store, run, method="edges.sobel")
    made = redo(outcome, run.plan["specs"], registry)
    assert made.page.shape == (240, 320) and made.drawing.shape == (240, 320, 3)
    again = registry.method("edges.sobel")(made.page, noise_factor=9.0)
    np.testing.assert_array_equal(made.result.edges, again.edges)
    np.testing.assert_array_equal(made.drawing, made.result.draw(made.page))


def test_a_vanished_file_is_named(store, run, registry, tmp_path):
    outcome = outcome_of(store, run)
    gone = replace(outcome, case=replace(outcome.case, name="z.png", source=str(tmp_path / "z.png")))
    with pytest.raises(RedoError, match=r"z\.png is gone: it is neither at .*z\.png nor in the image sets"):
        redo(gone, run.plan["specs"], registry)


def test_a_run_whose_folder_is_gone_is_an_error_of_the_picture(store, run, registry, tmp_path):
    outcome = outcome_of(store, run)
    gone = replace(outcome, case=replace(outcome.case, source=str(tmp_path / "a.png")))
    with pytest.raises(RedoError, match="is gone"):
        redo(gone, [str(tmp_path / "nowhere")], registry)


def test_a_picture_that_moved_is_found_in_the_image_set(store, run, registry, picture_folder):
    outcome = outcome_of(store, run)
    moved = replace(outcome, case=replace(outcome.case, source="/elsewhere/a.png"))
    assert redo(moved, [str(picture_folder)], registry).page.shape == (240, 320)


def test_a_picture_that_changed_is_not_drawn(store, run, registry, tmp_path, picture_folder):
    outcome = outcome_of(store, run)
    other = tmp_path / "a.png"
    other.write_bytes((picture_folder / "b.png").read_bytes())
    with pytest.raises(RedoError, match=r"a\.png has changed since the run"):
        redo(replace(outcome, case=replace(outcome.case, source=str(other))), [], registry)


def test_a_picture_that_can_no_longer_be_read_says_why(store, run, registry, tmp_path):
    broken = tmp_path / "a.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    outcome = outcome_of(store, run)
    with pytest.raises(RedoError, match=r"a\.png cannot be opened again: .*a\.png"):
        redo(replace(outcome, case=replace(outcome.case, source=str(broken))), [], registry)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "edges.gone", "origin": "some-pkg 2.0"}, "edges.gone is not installed any more; install some-pkg 2.0"),
        ({"version": "0.0.1"}, "edges.canny ran in version 0.0.1, but .* is installed"),
        ({"source_hash": "0" * 12}, "The source of edges.canny has changed since it ran"),
        ({"params": {"sigma": 99.0}}, "does not take its params any more: sigma=99.0 is out of bounds"),
    ],
)
def test_a_method_that_is_not_there_as_it_was_is_named(store, run, registry, change, sentence):
    outcome = outcome_of(store, run)
    with pytest.raises(RedoError, match=sentence):
        redo(replace(outcome, variant=replace(outcome.variant, **change)), run.plan["specs"], registry)


def test_an_outcome_without_a_result_is_not_run_again(store, run, registry):
    failed = next(store.outcomes(run.id, status=Status.FAILED))
    with pytest.raises(RedoError, match=r"edges.sobel\[noise_factor=9.0\] failed on c.png: ValueError"):
        redo(failed, run.plan["specs"], registry)


def test_a_method_that_fails_now_is_named(registry):
    @transformer("edges.moody", version="1")
    def moody(gray: Gray) -> EdgeMap:
        """Fail.

        How it works: not. What works: nothing.
        What works: nothing.
        What didn't work: all.
        Changes: none.
        """
        raise ValueError("not today")

    local = Registry()
    assert not local.register(moody)
    local.register(Recipes())
    outcome = Outcome(Variant("edges.moody", "edges", "1", moody.source_hash), CaseInfo("one", "made:one"), Status.DONE)
    with pytest.raises(RedoError, match="edges.moody failed on one when it was run again: ValueError: not today"):
        redo(outcome, ["made"], local)


@dataclass(frozen=True)
class Made:
    """Two cases that are no files."""

    name: str = "made"

    def __iter__(self):
        for name in ("one", "two"):
            yield Case(CaseInfo(name, f"made:{name}", f"recipe 1 {name}"), Page(np.full((20, 30, 3), 255, np.uint8), name))

    def count(self):
        return 2


class Recipes:
    @hookimpl
    def ecgbench_image_sets(self):
        return [ImageSetOpener("made", "made", "Two blank pages.", lambda spec: Made() if spec == "made" else None)]

    @hookimpl
    def ecgbench_open_page(self, source):
        return source if isinstance(source, Page) else None


def test_a_case_that_is_no_file_is_found_in_the_image_sets_of_the_run(registry):
    local = Registry()
    local.register(registry.method("edges.canny"))
    local.register(Recipes())
    canny = local.method("edges.canny")
    variant = Variant("edges.canny", "edges", canny.version, canny.source_hash)
    same = Outcome(variant, CaseInfo("two", "made:two", "recipe 1 two"), Status.DONE)
    assert redo(same, ["nothing of this name", "made"], local).page.name == "two"
    other = replace(same, case=replace(same.case, content_id="recipe 0 two"))
    with pytest.raises(RedoError, match="two has changed since the run"):
        redo(other, ["made"], local)
