import shlex
from datetime import UTC, datetime

import pytest

from ecgbench.core.outcome import Environment
from ecgbench.dashboard.run_request import RunRequest, command_line, read_params, synthetic_spec, words_to_resume
from ecgbench.plan import PlanError, make_plan
from ecgbench.plugins.image_sets.synthetic.sets import open_synthetic
from ecgbench.registry import default_registry
from ecgbench.store import Run


def test_a_request_is_a_plan_and_the_command_that_makes_the_same():
    sweep = read_params("edges.canny.sigma=0.2,0.5")
    request = RunRequest(("demo",), ("edges.canny",), sweep, repeats=3, timeout=9.0, workers=1, name="a b")
    plan = request.plan(default_registry())
    assert [variant.label for variant in plan.variants()] == ["edges.canny[sigma=0.2]", "edges.canny[sigma=0.5]"]
    assert command_line(request.words()) == (
        "ecgbench run demo --methods edges.canny --param edges.canny.sigma=0.2,0.5 --repeats 3 --timeout 9 --jobs 1 --name 'a b'"
    )


@pytest.mark.parametrize(
    ("specs", "name", "said"), [((), "", "no images"), (("-x",), "", "taken for an option"), (("demo",), "-n", "taken")]
)
def test_what_cannot_be_asked_for_is_a_sentence(specs, name, said):
    with pytest.raises(PlanError, match=said):
        RunRequest(specs, ("edges.*",), name=name).plan(default_registry())


def test_a_run_goes_on_by_what_its_store_kept_of_the_plan():
    terms = {"repeats": 2, "timeout": 7.0, "workers": 1, "memory_bytes": 1 << 30}
    plan = make_plan(["demo"], methods="edges.canny,edges.sobel", sweep={"edges.canny.sigma": ["0.15", "0.5"]}, **terms)
    run = Run(1, "mine", datetime.now(UTC), None, "interrupted", plan.to_dict(), Environment({}))
    words = words_to_resume(run, default_registry())
    assert words == shlex.split(
        "run demo --methods edges.canny,edges.sobel --param edges.canny.sigma=0.15,0.5 --repeats 2 --warmup 1 --timeout 7.0 "
        "--memory 1024MB --jobs 1 --name mine --resume"
    )


def test_sliders_make_a_spec_that_opens():
    spec = synthetic_spec(count=3, seed=5, types=["0005"], severity=(0.25, 0.75), dpi=100)
    assert spec == "synthetic?count=3&seed=5&types=0005&severity=0.25..0.75&dpi=100"
    assert open_synthetic(spec).count() == 3
