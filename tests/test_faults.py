"""The fault suite: its short cases hold here, its protocol is kept by all, and docs/reliability.md tells of each."""

import inspect
from pathlib import Path

import pytest

from faults.__main__ import main
from faults.suite import Broken, NotTried, every_case, require

ROOT = Path(__file__).parents[1]
CASES = every_case()


@pytest.mark.parametrize("case", [case for case in CASES if case.short], ids=lambda case: case.name)
def test_the_promise_holds(case):
    try:
        found = case.run(short=True)
    except NotTried as reason:
        pytest.skip(str(reason))
    assert found.lost == 0
    assert found.sent > 0


def test_every_case_says_what_it_promises_and_the_document_tells_of_it():
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    for case in CASES:
        assert case.promise.endswith("."), case.name
        assert list(inspect.signature(case.run).parameters) == ["short"], case.name
        assert f"`{case.name}`" in text, f"docs/reliability.md does not tell of {case.name}"


def test_a_promise_that_does_not_hold_is_said():
    with pytest.raises(Broken, match="half of it is gone"):
        require([], "half of it is gone")
    require([0], "")


def test_the_suite_lists_and_runs_by_pattern_and_ends_with_1_where_something_broke(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["faults", "--list", "server_*"])
    main()
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [case.name for case in CASES if case.name.startswith("server_")]
    monkeypatch.setattr("faults.__main__._apart", lambda case, short: "broken" if "names" in case.name else "kept")
    for words, code in ((("security_*",), 1), (("server_*", "--short"), 0), (("nothing_*",), "No case is named so; there are: ")):
        monkeypatch.setattr("sys.argv", ["faults", *words])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == code or str(left.value.code).startswith(str(code))
