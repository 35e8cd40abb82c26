from datetime import UTC, datetime

from ecgbench.core.outcome import Environment
from ecgbench.dashboard.run_facts import environment_differences, machine, plan_differences, software
from ecgbench.store import Run


def run(name, environment, **plan):
    return Run(1, name, datetime(2026, 1, 1, tzinfo=UTC), None, "finished", plan, Environment(environment))


def test_differences_name_facts_within_facts_and_put_the_commit_last():
    a = run("a", {"git_commit": "1", "cpu": "x", "cores": 2, "opencv_build": {"IPP": "on", "PNG": "1"}, "threads": {}})
    b = run("b", {"git_commit": "2", "cpu": "x", "cores": 4, "opencv_build": {"IPP": "off", "PNG": "1"}, "git_dirty": True})
    found = [(each.fact, each.a, each.b) for each in environment_differences(a, b)]
    assert found == [
        ("cores", "2", "4"),
        ("opencv_build: IPP", "on", "off"),
        ("git_commit", "1", "2"),
        ("git_dirty", "–", "yes"),
    ]


def test_plans_differ_in_terms_methods_and_versions_of_metrics():
    a = run(
        "a", {}, specs=["demo"], repeats=1, methods=["edges.canny", "edges.contour"], metrics={"boundary": "1", "only_a": "1"}
    )
    b = run("b", {}, specs=["demo"], repeats=3, methods=["edges.contour", "edges.sobel"], metrics={"boundary": "2"})
    assert [(each.fact, each.a, each.b) for each in plan_differences(a, b)] == [
        ("timed calls a cell", "1", "3"),
        ("methods of one only", "edges.canny", "edges.sobel"),
        ("metric boundary", "version 1", "version 2"),
    ]


def test_what_is_not_known_of_a_machine_is_said():
    assert machine(run("a", {})) == "unknown processor, ? cores"
    assert software(run("a", {"git_commit": "0123456789", "git_dirty": True})).endswith("01234567 with changes")
