"""process and images: pictures in, JSON, annotated pictures and generated pages out."""

import json

import cv2
import numpy as np
import pytest

STEPS = ["edge_detection", "color_separation", "grid_detection", "quality_check"]


def test_images_shows_what_a_spec_holds(ecgbench, pictures):
    answer = ecgbench("images", "scans")
    assert answer.code == 0
    assert answer.out.splitlines() == ["scans: 3 cases", "  page0.png", "  page1.png", "  page2.png"]
    listed = ecgbench("images", "scans", "--json").json
    assert (listed["name"], listed["count"]) == ("scans", 3)
    assert [case["name"] for case in listed["cases"]] == ["page0.png", "page1.png", "page2.png"]


def test_names_command_no_terminal_and_stand_on_one_line(ecgbench, pictures):
    (pictures / "page0.png").rename(pictures / "\x1b]0;title\x07a\nb.png")
    assert "  \\x1b]0;title\\x07a\\nb.png" in ecgbench("images", "scans").out.splitlines()


@pytest.mark.parametrize(
    "words", [("scans/page1.png", "--json"), ("--json", "scans/page1.png"), ("list", "scans/page1.png", "--json")]
)
def test_options_of_images_stand_before_or_after_the_spec(ecgbench, pictures, words):
    assert [case["name"] for case in ecgbench("images", *words).json["cases"]] == ["page1.png"]


def test_long_and_endless_sets_are_cut_short(ecgbench):
    assert ecgbench("images", "synthetic?count=30").out.splitlines()[-1] == "  ... (--all lists every case)"
    assert len(ecgbench("images", "synthetic?count=30", "--all").out.splitlines()) == 31
    endless = ecgbench("images", "synthetic?count=endless", "--all").out.splitlines()
    assert endless[0] == "synthetic?count=endless: endless cases"
    assert len(endless) == 22
    assert ecgbench("images", "synthetic?count=endless", "--json").json["count"] is None


def test_generated_pages_are_pictures_with_truth_and_the_same_for_the_same_seed(ecgbench, tmp_path):
    line = ("--count", 2, "--types", "0001", "--seed", 3, "--dpi", 75)
    answer = ecgbench("images", "generate", "pages", *line, "--jobs", 1)
    assert answer.code == 0
    assert answer.out.startswith("2 pages of synthetic?count=2&types=0001&seed=3&dpi=75: in pages; `ecgbench run pages`")
    assert ecgbench("images", "generate", "again", *line).code == 0
    listed = ecgbench("images", "pages", "--json").json
    assert listed["count"] == 2
    assert all(case["type"] == "0001" for case in listed["cases"])
    for case in listed["cases"]:
        picture = (tmp_path / "pages" / case["name"]).read_bytes()
        assert picture == (tmp_path / "again" / case["name"]).read_bytes()
        assert cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR).shape[0] > 400
    run = ecgbench("run", "pages", "-m", "edges.canny", "--json").json
    assert "content_box_iou" in run["leaderboard"][0]["rows"][0]["scores"]


def test_any_image_set_can_be_written_and_reads_back(ecgbench, tmp_path):
    assert ecgbench("images", "generate", "pages", "synthetic?types=0001&dpi=75&count=3", "--count", 2).code == 0
    again = ecgbench("images", "generate", "copy", "pages")
    assert again.out.startswith("2 pages of pages: in copy")
    for name in sorted(path.name for path in (tmp_path / "pages").glob("*.png")):
        assert (tmp_path / "pages" / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()


def test_what_a_spec_says_is_not_said_by_options(ecgbench):
    assert "stand in it" in ecgbench("images", "generate", "pages", "demo", "--seed", 1).error
    assert "never ends; say with --count" in ecgbench("images", "generate", "pages", "synthetic?count=endless").error


def test_process_prints_what_each_step_found(ecgbench, pictures):
    answer = ecgbench("process", "scans/page0.png")
    assert answer.code == 0
    reply = answer.json
    assert (reply["image"], reply["success"], reply["error"]) == ("scans/page0.png", True, None)
    assert list(reply["steps"]) == STEPS
    assert reply["steps"]["grid_detection"]["px_per_mm_x"] == pytest.approx(8, rel=0.01)
    assert (reply["width"], reply["height"]) == (400, 300)


def test_process_runs_only_the_steps_that_are_wanted(ecgbench, pictures):
    reply = ecgbench("process", "scans/page0.png", "--edges", "off", "--color", "hsv", "--no-grid", "--no-quality").json
    assert list(reply["steps"]) == ["color_separation"]
    assert reply["steps"]["color_separation"]["method"] == "color.hsv"


def test_process_out_writes_a_picture_a_step_and_the_reply(ecgbench, pictures, tmp_path):
    reply = ecgbench("process", "scans/page0.png", "--out", "out/deep", "--crop").json
    x, _, width, height = reply["crop_box"]
    assert 0 < x < 40
    assert len(reply["pictures"]) == 4
    for path in reply["pictures"]:
        drawn = cv2.imread(str(tmp_path / path))
        assert drawn.shape == ((300, 400, 3) if "edge_detection" in path else (height, width, 3))
        assert np.ptp(drawn) > 0
    assert json.loads((tmp_path / "out/deep/page0.json").read_text(encoding="utf-8")) == reply


def test_process_of_pictures_of_one_name_keeps_what_it_wrote_of_each(ecgbench, pictures, tmp_path):
    (tmp_path / "more").mkdir()
    cv2.imwrite(str(tmp_path / "more/page0.jpg"), np.full((50, 60, 3), 255, np.uint8))
    replies = ecgbench("process", "scans/page0.png", "more/page0.jpg", "-o", "out").json
    assert [reply["image"] for reply in replies] == ["scans/page0.png", "more/page0.jpg"]
    written = [path for reply in replies for path in reply["pictures"]]
    assert len(set(written)) == 8
    assert cv2.imread(str(tmp_path / written[0])).shape == (300, 400, 3)
    assert cv2.imread(str(tmp_path / written[4])).shape == (50, 60, 3)


def test_a_bad_picture_is_exit_code_1_and_the_others_are_done(ecgbench, pictures, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    answer = ecgbench("process", "bad.png", "scans/page0.png", "gone.png", "scans", "--out", "out")
    assert answer.code == 1
    assert [reply["success"] for reply in answer.json] == [False, True, False, False]
    errors = [reply["error"] for reply in answer.json]
    assert "bad.png" in errors[0]
    assert errors[2] == "There is no file gone.png; check the path."
    assert "scans is a folder" in errors[3]
    assert [path.name for path in (tmp_path / "out").glob("*.json")] == ["page0.json"]


def test_spaces_and_letters_of_any_script_are_kept(ecgbench, tmp_path):
    name = "Übung 心电图 1.png"
    (tmp_path / "my scans").mkdir()
    cv2.imencode(".png", np.full((30, 40, 3), 255, np.uint8))[1].tofile(str(tmp_path / "my scans" / name))
    reply = ecgbench("process", f"my scans/{name}", "--out", "mein Ordner").json
    assert reply["image"] == f"my scans/{name}"
    assert all((tmp_path / path).exists() for path in reply["pictures"])
    assert ecgbench("images", "my scans").out.splitlines() == ["my scans: 1 case", f"  {name}"]
