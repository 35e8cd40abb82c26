"""The page on plugins is carried out from top to bottom as it is written, in an empty folder and a fresh environment."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from ecgbench.testing import CHECKS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "writing_plugins.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "ecgbench-hello"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(Write|Add to|and)\s`([\w./]+)`:\n\n$")
OWN = re.compile(r"ecg_image_bench|_editable_impl|.*\.pth$|__pycache__")
# A new environment is made without unpacking pip into it, which takes longer than anything that the page does with it: pip is lent as
# other packages are.
PYTHON = """#!/bin/sh
[ "$1 $2" = "-m venv" ] || exec {python} "$@"
{python} -m venv --without-pip "$3" || exit
echo {lent} > "$(echo "$3"/lib/python*/site-packages)/lent.pth"
printf '#!/bin/sh\\nexec "$(dirname "$0")/python" -m pip "$@"\\n' > "$3/bin/pip"
chmod +x "$3/bin/pip"
"""


@dataclass(frozen=True)
class Block:
    """A block of the page: shell, a file that it writes (or adds to), or what the shell before it prints."""

    kind: str
    text: str
    path: str = ""
    adds: bool = False


def read_blocks() -> list[Block]:
    found = []
    for match in FENCE.finditer(PAGE):
        file = FILE.search(PAGE[: match.start()])
        kind = match[1] if match[1] in ("sh", "text") else "file" if file else "shown"
        found.append(Block(kind, match[2], file[2] if file else "", bool(file) and file[1] == "Add to"))
    return found


BLOCKS = read_blocks()


def needed(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"carrying out the page needs {module}, which this environment lacks")


def as_script() -> str:
    """The whole page as one script; before each shell block it prints a line with the block's number."""
    lines = ["set -e", "exec 2>&1"]
    for number, block in enumerate(BLOCKS):
        if block.kind == "sh":
            lines += [f"echo @@{number}", block.text]
        elif block.kind == "file":
            blank = "\n\n" if block.adds else ""
            folder = shlex.quote(str(Path(block.path).parent))
            lines += [
                f"mkdir -p {folder}",
                f"cat {'>>' if block.adds else '>'} {block.path} <<'END OF FILE'\n{blank}{block.text}END OF FILE",
            ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What makes the page's own commands work without a network: our wheel to be found, and other packages lent to new environments."""
    for module in ("pip", "venv", "hatchling", "xdist"):
        needed(module)
    folder = tmp_path_factory.mktemp("workshop")
    house, lent, tools = (folder / name for name in ("house", "lent", "tools"))
    for each in (house, lent, tools):
        each.mkdir()
    offline = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", house, ROOT], check=True, timeout=200)
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(site).iterdir():
            if not OWN.match(path.name):
                (lent / path.name).symlink_to(path)
    python = tools / "python"
    python.write_text(PYTHON.format(python=sys.executable, lent=lent), encoding="utf-8")
    python.chmod(0o755)
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "ECGBENCH", "COV", "PIP_"))
    }
    return own | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "COLUMNS": "120",  # narrower terminals fold the names of scores
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(house),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's word for "do not isolate": what builds is lent, too
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",  # which would compile every module, where the page needs half of them
    }


@pytest.fixture(scope="module")
def printed(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[str]]:
    """What each shell block printed, line by line."""
    done = subprocess.run(
        ["bash", "-c", as_script()], cwd=tmp_path_factory.mktemp("empty"), env=environment, capture_output=True, text=True, timeout=900,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr}"
    parts = re.split(r"^@@(\d+)$", done.stdout, flags=re.MULTILINE)
    return {int(number): text.splitlines() for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_the_page_works_as_it_is_written(printed):
    assert sorted(printed) == [number for number, block in enumerate(BLOCKS) if block.kind == "sh"]


def test_what_the_page_shows_is_printed_in_that_order(printed):
    shown = [number for number, block in enumerate(BLOCKS) if block.kind == "text"]
    assert shown
    for number in shown:
        lines = iter(printed[number - 1])
        for wanted in BLOCKS[number].text.splitlines():
            pattern = wanted.replace("[", "[[]").replace("...", "*")
            assert any(fnmatchcase(line.rstrip(), pattern) for line in lines), f"{wanted!r} is not among {printed[number - 1]}"


def test_the_example_package_is_what_the_page_writes():
    written = {block.path: block.text for block in BLOCKS if block.kind == "file" and not block.adds}
    for path in ("ecgbench_hello.py", "pyproject.toml", "tests/test_conformance.py"):
        assert written[path] == (EXAMPLE / path).read_text(encoding="utf-8"), path
    tests = (EXAMPLE / "tests" / "test_hello.py").read_text(encoding="utf-8")
    for function in re.findall(r"^def .*?(?=\n\n\n|\Z)", written["tests/test_hello.py"], re.MULTILINE | re.DOTALL):
        assert function.rstrip() in tests


def test_the_page_lists_every_check_with_its_reason():
    rows = set(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert rows == {(check.name, check.why) for checks in CHECKS.values() for check in checks}


def test_every_link_of_the_page_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).resolve().exists(), link
