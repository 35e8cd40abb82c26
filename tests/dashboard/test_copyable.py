"""Texts to take away are shown as they are."""

from ecgbench.dashboard.copyable import copyable_html


def test_nothing_of_a_text_is_taken_for_html():
    assert "<pre>a &lt;script&gt; &amp; {b}</pre>" in copyable_html("a <script> & {b}")
