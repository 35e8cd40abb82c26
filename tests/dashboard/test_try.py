"""The page on which methods are tried, drawn without a browser, and what its workers do."""

import cv2
import numpy as np
import pytest

from ecgbench.core.results import Signals
from ecgbench.dashboard.findings import finding_rows
from ecgbench.dashboard.lead_plot import lead_chart, lead_curves, lead_records
from ecgbench.dashboard.sources import uploaded_case
from ecgbench.dashboard.trying import Attempt, Seen, TryMethod, TryPage, TryPipeline, TryWork
from ecgbench.measure import Method
from ecgbench.pipeline import read_options
from ecgbench.registry import default_registry
from faults.dashboards import said
from tests import misbehaving_plugin
from tests.dashboard.pages import draw

SET = "synthetic?count=1&dpi=72&seed=3"


@pytest.fixture(scope="module")
def png():
    page = np.full((90, 120, 3), 255, np.uint8)
    cv2.line(page, (10, 45), (110, 50), (0, 0, 0), 2)
    return cv2.imencode(".png", page)[1].tobytes()


def tried(action, data, *, work=None):
    case = uploaded_case("scan.png", data)
    return (work or TryWork(default_registry().page_opener()))(Attempt(case.info.content_id, case, action), lambda _: None)


def method_of(name, **params):
    method = default_registry().method(name)
    return TryMethod(Method(method, method.make_params(params)), tuple(default_registry().metrics_of(method.task)))


def test_a_method_says_what_it_saw_in_words_numbers_and_a_drawing(png):
    (seen,) = tried(method_of("edges.canny", sigma=0.4), png).seen
    assert seen.name == "edges.canny" and seen.findings["edge_pixels"] > 50 and seen.seconds > 0
    assert cv2.imdecode(np.frombuffer(seen.drawing, np.uint8), cv2.IMREAD_COLOR).shape == (90, 120, 3)


def test_a_case_with_truth_is_scored():
    (case,) = default_registry().open_images(SET)
    work = TryWork(default_registry().page_opener())
    (seen,) = work(Attempt("k", case, method_of("edges.canny")), lambda _: None).seen
    assert seen.scores["content_box_iou"] > 0.9


def test_a_picture_is_opened_once_however_often_its_parameters_are_moved(png):
    opened = []
    work = TryWork(lambda source: opened.append(1) or default_registry().open_page(source))
    for sigma in (0.1, 0.2, 0.3):
        tried(method_of("edges.canny", sigma=sigma), png, work=work)
    assert len(opened) == 1


@pytest.mark.parametrize("action", [TryPage(), method_of("edges.sobel"), TryPipeline(read_options(None, default_registry()))])
@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n and no more", b"%PDF-1.7", b"plain words"])
def test_a_bad_upload_is_one_sentence(action, data):
    found = tried(action, data)
    assert found.error and found.error.endswith(".") and "\n" not in found.error and not found.seen


def test_a_method_that_raises_and_one_that_breaks_its_promise_are_sentences(png):
    def of(function):
        return TryMethod(Method(function, function.make_params({})))

    raising = tried(of(misbehaving_plugin.raising), png).error
    assert raising.startswith("edges.raising failed: ")


def test_the_pipeline_shows_each_step_and_the_crop(png):
    options = read_options({"edge_detection": True, "crop_to_content": True, "quality_check": True}, default_registry())
    found = tried(TryPipeline(options), png)
    assert [seen.name for seen in found.seen] == ["edges.canny", "quality.gates"]
    assert found.crop_box is not None


def test_findings_of_several_methods_stand_beside_each_other():
    a = Seen(
        "x", 0.5, {"box": [1, 2], "deep": {"ok": True}, "gates": [{"name": "blur", "value": None}]}, b"", {"boundary_f1": 0.25}
    )
    b = Seen("y", 0.25, {"lines": list(range(50))}, b"")
    rows = {row["number"]: (row["x"], row["y"]) for row in finding_rows({"x": a, "y": b}, default_registry().scores)}
    assert rows["time (ms)"] == ("500", "250") and rows["boundary_f1 ↑"] == ("0.250", "–")
    assert rows["box"] == ("1, 2", "–") and rows["deep ok"] == ("yes", "–") and rows["gates blur value"] == ("–", "–")
    assert rows["lines"] == ("–", "50 values, 0 to 49")


def signals(count=12, long=None):
    names = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "VX")[:count]
    wave = np.sin(np.arange(250) / 9).astype(np.float32)
    leads = {name: np.concatenate([[np.nan], wave]).astype(np.float32) for name in names}
    return Signals(100.0, leads | ({"II": np.tile(wave, 4)} if long else {}))


def test_twelve_leads_go_down_the_columns_and_the_longest_lies_below():
    plot = lead_chart(signals(long=True), color="#000").to_dict()
    titles = [[cell["title"] for cell in line["hconcat"]] for line in plot["vconcat"]]
    assert titles == [["I", "aVR", "V1", "V4"], ["II", "aVL", "V2", "V5"], ["III", "aVF", "V3", "V6"], ["II, 9.99 s"]]


def test_a_page_without_leads_has_no_plot_and_a_gap_stays_a_gap():
    assert lead_chart(Signals(100.0, {"I": np.full(9, np.nan, np.float32)}), color="#000") is None
    gap = Signals(2.0, {"I": np.array([1, np.nan, 2], np.float32)})
    assert [row["mV"] for row in lead_records(gap)] == [1.0, None, 2.0] and list(lead_curves(gap)) == ["I"]


def test_the_page_shows_a_method_with_the_params_of_its_address(tmp_path):
    page = draw("try_methods", tmp_path / "none.db", {"set": SET, "methods": "edges.canny", "edges.canny.sigma": "0.4"})
    assert not page.exception and not page.error, said(page)
    assert page.slider(key="edges.canny.sigma").value == 0.4
    assert any("sigma=0.4" in block.value for block in page.code)
    assert page.dataframe[0].value["edges.canny"].tolist()[0]


def test_the_page_runs_the_pipeline_and_says_what_image_set_there_is_not(tmp_path):
    page = draw("try_methods", tmp_path / "none.db", {"set": SET, "what": "the pipeline", "color_separation": "false"})
    assert not page.exception and not page.error, said(page)
    steps = page.get("button_group")[-1]
    assert list(steps.options) == ["edges.canny", "grid.multiscale", "quality.gates"]
    page.text_input(key="set").set_value("nowhere/").run()
    assert "no file or folder nowhere/" in said(page)


def test_a_bad_picture_is_a_sentence_in_which_its_name_is_no_markup(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "![x](y) <b>.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    page = draw("try_methods", tmp_path / "none.db", {"set": str(folder)})
    assert len(page.error) == 1 and "![" not in page.error[0].value and "<b" not in page.error[0].value.replace(r"\<b", "")


def test_a_case_is_known_by_its_content():
    assert uploaded_case("a", b"1").info.content_id == uploaded_case("b", b"1").info.content_id
