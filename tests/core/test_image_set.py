"""Tests of image sets as a plugin author meets them: what counts as one, and what an opener is."""

from collections.abc import Iterator

import pytest

from ecgbench import Case, CaseInfo, ImageSet, ImageSetOpener, SpecError


class Blanks:
    """An image set of `n` cases, written as a plugin would."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.name = f"blanks of {n}"

    def __iter__(self) -> Iterator[Case]:
        return (Case(CaseInfo(f"blank-{index}", self.name), b"") for index in range(self.n))

    def count(self) -> int | None:
        return self.n


def open_blanks(spec: str) -> ImageSet | None:
    scheme, _, count = spec.partition("?")
    if scheme != "blanks":
        return None
    if not count.isdigit():
        raise SpecError(f"{spec}: blanks needs a number, as in blanks?3.")
    return Blanks(int(count))


BLANKS = ImageSetOpener("blanks", "blanks?N", "Empty pages.", open_blanks)


def test_any_object_with_a_name_cases_and_a_count_is_an_image_set():
    assert isinstance(Blanks(2), ImageSet)
    assert not isinstance([Case(CaseInfo("a", "list"), b"")], ImageSet)


def test_iterating_twice_gives_the_same_cases():
    blanks = Blanks(3)
    assert [case.name for case in blanks] == [case.name for case in blanks] == ["blank-0", "blank-1", "blank-2"]


def test_an_opener_opens_its_own_form_leaves_others_and_refuses_wrong_ones():
    opened = BLANKS.open("blanks?3")
    assert opened is not None
    assert opened.count() == 3
    assert BLANKS.open("scans/") is None
    with pytest.raises(SpecError, match="needs a number"):
        BLANKS.open("blanks?many")


def test_a_spec_error_is_a_value_error_so_that_doors_need_one_except():
    assert issubclass(SpecError, ValueError)


def test_an_opener_is_frozen():
    with pytest.raises(AttributeError):
        BLANKS.name = "other"
