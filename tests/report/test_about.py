"""A report says what was run, and the command that runs it again."""

import shlex

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.report.about import about_run, command


def test_the_command_names_images_methods_params_and_terms(store, run, registry):
    words = shlex.split(about_run(store, run, registry).command)
    assert words[:3] == ["ecgbench", "run", run.plan["specs"][0]]
    assert words[3:] == ["--methods", "edges.canny,edges.sobel", "--param", "edges.sobel.noise_factor=9.0", "--repeats", "3"]


def test_a_sweep_tries_every_value_again_the_default_too(registry):
    variants = {
        1: Variant("edges.canny", "edges", "1", "a"),
        2: Variant("edges.canny", "edges", "1", "a", {"sigma": 0.5}),
        3: Variant("edges.gone", "edges", "1", "a", {"x": 1}),
    }
    found = command({"specs": ["my scans/"], "timeout": 5.0, "executor": "processes"}, variants, registry)
    assert "'my scans/'" in found and "--param edges.canny.sigma=0.15,0.5" in found and "--param edges.gone.x=1" in found
    assert "--timeout 5.0" in found and "--executor" not in found


def test_how_cells_ended_and_what_is_to_be_known_of_them_is_said(store, registry):
    begun = store.begin_run("half", plan={"workers": None}, environment=Environment({"threads": {"OMP": "1"}, "git_dirty": True}))
    variant = Variant("edges.canny", "edges", "1", "a")
    store.add(
        begun.id,
        [Outcome(variant, CaseInfo("a", "a"), Status.CRASHED), Outcome(variant, CaseInfo("b", "b"), Status.DONE, disturbed=True)],
    )
    store.finish_run(begun.id, "interrupted")
    found = about_run(store, store.find_run("half"), registry)
    assert [(each.count, each.word, each.kind) for each in found.tally] == [
        ("1", "done", "good"),
        ("0", "failed", ""),
        ("1", "crashed", "bad"),
    ]
    assert "interrupted" in found.warning and "1 cell had to wait" in found.warning
    facts = {name: value for group in found.details for name, value in group.facts}
    assert facts["workers"] == "one a core" and facts["threads: OMP"] == "1" and facts["git_dirty"] == "yes"
