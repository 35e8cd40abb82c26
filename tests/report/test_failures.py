"""A thousand failures of one cause are read once."""

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.report import failures
from ecgbench.report.failures import failure_groups


def failed(index, error, method="edges.a", status=Status.FAILED):
    case = CaseInfo(f"page{index}.png", f"/scans/page{index}.png")
    return Outcome(Variant(method, "edges", "1", "aa"), case, status, error=error, traceback=f"tb {index}")


def groups_of(store, outcomes, **terms):
    run = store.begin_run("r", plan={}, environment=Environment({}))
    store.add(run.id, outcomes)
    return failure_groups(store, run, **terms)


def test_failures_of_one_cause_are_one_group_the_largest_first(store):
    outcomes = [failed(index, f"no grid in page{index}.png") for index in range(5)]
    outcomes += [failed(index, "no grid in /scans/page1.png", "edges.b") for index in (1, 2)] + [failed(9, "other")]
    first, *others = groups_of(store, outcomes)
    assert (first.message, first.count, first.methods) == ("no grid in …", 6, {"edges.a": 5, "edges.b": 1})
    assert first.methods_text() == "edges.a (5), edges.b" and first.methods_text(1) == "edges.a (5), 1 more"
    assert first.example.traceback == "tb 0"
    assert {group.message for group in others} == {"no grid in /scans/page1.png", "other"}


def test_ends_of_other_kinds_are_groups_of_their_own(store):
    found = groups_of(
        store, [failed(1, "lost"), failed(2, "lost", status=Status.CRASHED), failed(3, None, status=Status.TIMED_OUT)]
    )
    assert {(group.status, group.message) for group in found} == {
        (Status.FAILED, "lost"), (Status.CRASHED, "lost"), (Status.TIMED_OUT, "no reason was given"),
    }  # fmt: skip


def test_messages_that_are_all_different_do_not_fill_the_memory(store, monkeypatch):
    monkeypatch.setattr(failures, "KINDS_HELD", 3)
    outcomes = [failed(index, f"reason {'x' * index}") for index in range(10)] + [failed(11, "reason x")]
    found = groups_of(store, outcomes)
    assert len(found) == 3 and (found[0].message, found[0].count) == ("reason x", 2)


def test_a_short_name_does_not_blot_out_letters(store):
    odd = Outcome(Variant("m.a", "edges", "1", "a"), CaseInfo("a", "a"), Status.FAILED, error="a grid is absent")
    assert groups_of(store, [odd])[0].message == "a grid is absent"
