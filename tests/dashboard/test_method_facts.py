import pytest

from ecgbench.dashboard.method_facts import harmless, plain, sections
from ecgbench.method_pages import SECTIONS, method_page
from ecgbench.registry import default_registry


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil/a.png)",
        "![x][a]\n\n[a]: http://evil/a.png",
        r"\`![x](http://evil/a.png)`",
        "```\n![x](http://evil/a.png)",
        "[![x](http://evil/a.png)](http://evil/)",
        "![a[b]](http://evil/a.png)",
    ],
)
def test_no_picture_is_loaded_by_an_authors_words(text):
    assert "![" not in harmless(text)


def test_code_and_tables_stay_as_they_are():
    text = "see `f(x)` and\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\n>>> {'a': [1](2)}\n```"
    assert harmless(text) == text


def test_plain_text_is_shown_as_it_is():
    assert plain("<b>![x](http://evil) *a* :red[b] $x$\nnext") == r"\<b\>\!\[x\](http\://evil) \*a\* \:red\[b\] \$x\$ next"


def test_a_method_has_all_its_sections():
    page = method_page(default_registry().method("edges.sobel"), related=["edges.canny"])
    assert tuple(sections(page)) == SECTIONS and all(sections(page).values())
