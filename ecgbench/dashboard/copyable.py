"""Text to take away, a command or a sentence to quote, with a button that copies it.

Streamlit's block of code does so too, but has the browser load the grammars of all its languages first, which takes a quarter of the
processor time of a page's first draw (Compare, benchmarks/dashboard.py); it is for code that is colored.
"""

from __future__ import annotations

from html import escape

import streamlit as st

STYLE = """
.copyable { position: relative; border-radius: 0.5rem; background: color-mix(in srgb, currentColor 5%, transparent); }
.copyable pre { margin: 0; padding: 1rem 5rem 1rem 1rem; font: 0.875rem/1.6 "Source Code Pro", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.copyable button { position: absolute; top: 0.6rem; right: 0.6rem; padding: 0.2rem 0.6rem; border: 1px solid; border-radius: 0.4rem;
  background: none; color: inherit; font-size: 0.8rem; opacity: 0.7; }
.copyable button:is(:hover, :focus) { opacity: 1; }
"""
# The older of the two ways to copy: the newer one is there over https and on this machine only.
_BLOCK = """<div class="copyable"><pre>{text}</pre><button type="button">Copy</button></div><script>{{
const [text, button] = document.currentScript.previousElementSibling.children;
button.onclick = () => {{ getSelection().selectAllChildren(text); document.execCommand("copy"); button.textContent = "Copied"; }};
}}</script>"""


def copyable(text: str) -> None:
    """Show a text as it is, its long lines wrapped, with a button that selects and copies it."""
    st.html(copyable_html(text), unsafe_allow_javascript=True)


def copyable_html(text: str) -> str:
    """Return the text as HTML, in which nothing of it is taken for HTML."""
    return _BLOCK.format(text=escape(text))
