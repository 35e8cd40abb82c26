"""Runs pictures with hostile names and plugins with hostile words through every door that shows them, and opens the report in a browser."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from faults.runs import ecgbench, small_picture, write_plugin
from faults.suite import Found, require

PROMISE = "Names of files and words of plugins are shown as they are: no door makes markup, commands or colors of them."
SHORT = False  # tests/report and tests/cli show such names
NAMES = (
    "<script>alert(1)</script>.png", "\"><img src=x onerror=alert(1)>.png", "{{7*7}}.png", "a[red]b[/blue].png", "=cmd|' /C calc'!A0.png",
    "\x1b[31mred\x1b]0;title\x07.png", "line\nbreak.png", "'; DROP TABLE runs;--.png", "%s%n.png", "a|b`c`*d*.png", "-rf.png",
)  # fmt: skip
WORDS = "<script>alert(2)</script> [bold]{{ 7*7 }} \\x1b[31m"


def run(*, short: bool) -> Found:
    """Run, show, compare and export, then look for what must not be there."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        scans = here / "scans"
        scans.mkdir()
        for index, name in enumerate(name.replace("/", "⁄") for name in NAMES):
            (scans / name).write_bytes(small_picture(width=60 + index) if index % 2 else b"no picture")
        plugin = write_plugin(here / "plugins", {"loud": f'raise ValueError("{WORDS}")', "quiet": "pass"})
        source = plugin / "faulty_methods.py"
        source.write_text(source.read_text().replace("Be loud.", f"Be loud {WORDS.replace(chr(92), chr(92) * 2)}."))
        export = ("export", "--format")
        run_it = ("run", "scans", "--methods", "edges.loud,edges.quiet", "--name", "<script>alert(3)</script>[/x]")
        commands: list[tuple[str, ...]] = [run_it, (*export, "html", "-o", "report.html")]
        if not short:
            commands += [("leaderboard",), ("runs",), ("show", "edges.loud"), ("methods",), ("images", "scans")]
            commands += [(*export, form) for form in ("md", "csv", "json", "parquet")]
            commands += [("process", *(f"scans/{path.name}" for path in sorted(scans.iterdir())), "--out", "out")]
        for words in commands:
            done = ecgbench(*words, cwd=here, plugins=(plugin,))
            require(
                done.returncode in (0, 1) and "Traceback" not in done.stderr,
                f"{words[0]} ended with {done.returncode}: {done.stderr[-300:]}",
            )
            require("\x1b" not in done.stdout + done.stderr, f"{words[0]} sent a terminal what a file's name commands")
        report = (here / "report.html").read_text()
        for page, kind in ((path.read_text(), path.name) for path in here.glob("*.[hm][td]*")):
            require("<script>alert" not in page and "<img src=x" not in page, f"{kind} holds markup of a name")
            require("49" not in page.replace("{{7*7}}", "") or "{{" in page, f"{kind} computed a name")
        require("&lt;script&gt;alert(2)" in report and "&lt;script&gt;alert(3)" in report, "the report does not show the words")
        dialogs = None if short or not shutil.which("chromium") else _dialogs(here / "report.html")
        require(not dialogs, f"the report ran a script: {dialogs}")
    seen = "" if dialogs is None else "; Chromium opened the report and ran none of them"
    return Found(len(NAMES) * len(commands), 0, None, f"{len(NAMES)} names, {len(commands)} commands{seen}")


def _dialogs(page: Path) -> list[str]:
    """Return what a browser was made to say by a page."""
    from playwright.sync_api import Dialog, sync_playwright

    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("dialog", hear)
        tab.goto(page.as_uri())
        for each in tab.query_selector_all("summary"):
            each.click()
        browser.close()
    return said
