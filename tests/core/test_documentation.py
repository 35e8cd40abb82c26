"""Tests of the authored sections: what is read from a docstring, and what its absence says."""

import pytest

from ecgbench.core.documentation import REQUIRED, DocumentationError, read_documentation

COMPLETE = """Outline page borders
    and traces.

    How it works: Canny on the gray page,
    with thresholds around its median.

    A second paragraph.

    What works: scans:
    - white ones,
    - gray ones.

    What didn't work: photos.
    Changes: 0.1 first version.
    Limitations: color is not seen.
    References: Canny 1986.
    """


def test_the_text_before_the_first_heading_is_the_purpose():
    assert read_documentation(COMPLETE, owner="edges.canny").purpose == "Outline page borders and traces."


def test_wrapped_lines_are_joined_and_paragraphs_and_lists_kept():
    documentation = read_documentation(COMPLETE, owner="edges.canny")
    assert documentation.how_it_works == "Canny on the gray page, with thresholds around its median.\n\nA second paragraph."
    assert documentation.what_works == "scans:\n- white ones,\n- gray ones."
    assert documentation.what_didnt_work == "photos."
    assert documentation.changes == "0.1 first version."


def test_further_sections_are_kept_by_name():
    extra = read_documentation(COMPLETE, owner="edges.canny").extra
    assert extra == {"Limitations": "color is not seen.", "References": "Canny 1986."}


@pytest.mark.parametrize("heading", REQUIRED)
def test_a_missing_section_is_named_with_its_owner(heading):
    text = COMPLETE.replace(f"{heading}:", "Then")
    with pytest.raises(DocumentationError, match=f'docstring of edges.canny lacks the section "{heading}:"'):
        read_documentation(text, owner="edges.canny")


@pytest.mark.parametrize("heading", REQUIRED)
def test_an_empty_section_counts_as_missing(heading):
    lines = [f"{name}:" if name == heading else f"{name}: something." for name in REQUIRED]
    with pytest.raises(DocumentationError, match=f'lacks the section "{heading}:"'):
        read_documentation("\n".join(["Outline.", *lines]), owner="edges.canny")


@pytest.mark.parametrize("text", [None, "", "   \n  ", "How it works: x."])
def test_a_docstring_without_a_purpose_is_an_error(text):
    with pytest.raises(DocumentationError, match=r"edges\.canny has no docstring"):
        read_documentation(text, owner="edges.canny")


def test_a_heading_counts_only_at_the_start_of_a_line():
    text = COMPLETE.replace("photos.", "photos, as in Changes: and such.")
    assert read_documentation(text, owner="x.y").what_didnt_work == "photos, as in Changes: and such."
