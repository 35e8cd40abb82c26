"""The notebook for Kaggle, executed from its first cell to its last in an empty folder."""

import os
import warnings
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "kaggle" / "submission.ipynb"
NO_NETWORK = """
import socket

def refuse(self, address, *rest):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "localhost", "::1"):
        raise OSError(f"the notebook asks the network for {address}")
    return connect(self, address, *rest)

connect, socket.socket.connect = socket.socket.connect, refuse
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after it was executed, and the folder that it wrote to."""
    for module in ("nbformat", "nbclient", "ipykernel"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("notebook")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own
        import nbformat
        from nbclient import NotebookClient

        notebook = nbformat.read(NOTEBOOK, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(NO_NETWORK))
        environment = {**os.environ, "JUPYTER_PLATFORM_DIRS": "1", "IPYTHONDIR": str(folder / ".ipython")}
        client = NotebookClient(notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
        client.execute(env=environment)
    return {cell.id: cell for cell in notebook.cells}, folder


def shown(cell, kind):
    return "".join("".join(output.get("data", {}).get(kind, "")) for output in cell.outputs)


def test_it_makes_a_valid_submission_offline(executed):
    cells, folder = executed
    lines = (folder / "submission.csv").read_text().splitlines()
    assert lines[0] == "id,value"
    assert len(lines) == 1 + 18750 + 9375
    assert lines == (folder / "first_pictures.csv").read_text().splitlines()
    assert "2 records, 28125 rows" in shown(cells["submit"], "text/plain") + shown(cells["submit"], "text/html")


def test_its_submission_scores(executed):
    cells, _ = executed
    (printed,) = cells["score"].outputs
    assert float(printed["text"].removesuffix(" dB\n")) > 10


def test_results_are_shown_as_pictures_and_tables(executed):
    cells, _ = executed
    assert "<svg" in shown(cells["one"], "text/html")
    assert "2 pictures, 0 failed" in shown(cells["batch"], "text/html")
    assert "practice" in shown(cells["where"], "text/html")


def test_it_is_kept_without_outputs():
    assert '"outputs": []' in NOTEBOOK.read_text()
    assert "image/png" not in NOTEBOOK.read_text()
