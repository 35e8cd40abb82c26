"""The example package is installed for real, and its method is there as any other."""

import importlib.util
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ecgbench-hello"
LOOK = """
import json
import numpy as np
from ecgbench.registry import Registry

registry = Registry.load()
page = np.full((60, 80), 255, np.uint8)
page[30:32, 10:70] = 0
method = registry.method("edges.hello")
print(json.dumps({
    "origin": registry.origin_of("edges.hello"),
    "version": method.version,
    "problems": [problem.message for problem in registry.problems],
    "found": method(page, contrast=10).edge_pixels > 0,
    "file": method.function.__code__.co_filename,
    "edges": [each.name for each in registry.methods("edges.*")],
}))
"""


def needed(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"installing the example needs {module}, which this environment lacks")


def succeed(*command: object, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The Python of a fresh environment with the example installed, and the folder that it was installed from."""
    for module in ("pip", "venv", "hatchling"):
        needed(module)
    folder = tmp_path_factory.mktemp("hello")
    environment, source = folder / "environment", folder / "ecgbench-hello"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__"))
    succeed(sys.executable, "-m", "venv", "--without-pip", environment, cwd=folder)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    # Packages of this environment are lent to the fresh one, so that nothing is downloaded.
    lent = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), str(ROOT)})
    site_packages = succeed(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(site_packages) / "lent.pth").write_text("\n".join(lent) + "\n", encoding="utf-8")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    succeed(sys.executable, "-m", "pip", "--python", python, "install", *options, source, cwd=folder)
    return python, source


def test_one_decorated_function_and_one_line_make_a_method_that_everybody_sees(installed):
    python, source = installed
    seen = json.loads(succeed(python, "-c", LOOK, cwd=source.parent))
    assert seen["origin"] == "ecgbench-hello 0.1.0"
    assert seen["version"] == "0.1.0"
    assert seen["problems"] == []
    assert seen["found"] is True
    assert "edges.canny" in seen["edges"]
    assert "edges.hello" in seen["edges"]
    assert "environment" in seen["file"], "the method must come from where it was installed, not from the checkout"


def test_the_command_line_lists_the_method_with_its_package(installed):
    python, source = installed
    assert (
        "edges.hello"
        in json.loads(succeed(python, "-m", "ecgbench", "plugins", "--json", cwd=source.parent))["plugins"][
            "ecgbench-hello 0.1.0"
        ]
    )


def test_the_tests_of_the_package_pass_where_it_is_installed(installed):
    python, source = installed
    assert " passed" in succeed(python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=source)


def test_the_package_is_not_installed_where_these_tests_run():
    assert importlib.util.find_spec("ecgbench_hello") is None
