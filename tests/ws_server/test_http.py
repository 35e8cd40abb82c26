"""HTTP: the endpoints of the earlier scripts, in JSON and as forms, each error a sentence with its status."""

import base64
import json
import math

import cv2
import numpy as np
import pytest

from ecgbench.plugins.color import isolate_colors
from ecgbench.plugins.edges import canny, crop_to_content
from ecgbench.ws_server import app
from ecgbench.ws_server.endpoints import ENDPOINTS

EDGES = {"edge_detection": True}


def decoded(text):
    return cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)


@pytest.fixture
def post(served):
    def ask(path, **body):
        return served.http.post(path, json=body)

    return ask


@pytest.mark.parametrize("path", ["/process-batch", "/process-batch-parallel"])
def test_a_batch_is_done_in_order_and_an_image_keeps_its_error(post, base64_png, path):
    answer = post(path, images=[base64_png, "bm8=", base64_png], options=EDGES)
    told = answer.json()
    assert (answer.status_code, told["success"], told["count"]) == (200, True, 3)
    assert [each["index"] for each in told["results"]] == [0, 1, 2]
    assert [each["success"] for each in told["results"]] == [True, False, True]
    assert list(told["results"][0]["steps"]) == ["edge_detection"]
    assert "pictures" not in told["results"][0]


def test_pictures_that_were_asked_for_stand_in_the_results(post, page, base64_png):
    told = post("/process-batch", **{"images": [base64_png], "options": EDGES, "return": ["edges"]}).json()
    (picture,) = told["results"][0]["pictures"]
    assert np.array_equal(decoded(picture["data"])[..., 0] > 0, canny(page).edges)


def test_edges_are_detected_and_the_picture_is_cropped(post, page, base64_png):
    told = post("/detect-edges", image=base64_png, method="canny", crop_to_content=True).json()
    edges = canny(page)
    assert (told["success"], told["method"]) == (True, "canny")
    assert told["bounding_box"] == list(edges.bounding_box)
    assert (told["edge_pixels"], told["contour_count"]) == (edges.edge_pixels, edges.edge_count)
    assert np.array_equal(decoded(told["cropped_image"]), crop_to_content(page))
    plain = post("/detect-edges", image=base64_png).json()
    assert (plain["method"], plain["cropped_image"], plain["crop_box"]) == ("canny", None, None)


@pytest.mark.parametrize("method", ["opencv", "pillow", "skimage", "lab", "hsv"])
def test_colors_are_isolated_as_in_python(post, page, base64_png, method):
    told = post("/isolate-colors", image=base64_png, method=method, output_type="both").json()
    both = isolate_colors(page, method, output="both")
    assert (told["method"], told["output_type"]) == (method, "both")
    assert np.array_equal(decoded(told["images"]["ecg"]), both["trace"])
    assert np.array_equal(decoded(told["images"]["grid"]), both["grid"])


@pytest.mark.parametrize("output_type", ["ecg", "grid"])
def test_one_ink_is_sent_where_one_is_wanted(post, base64_png, output_type):
    assert list(post("/isolate-colors", image=base64_png, output_type=output_type).json()["images"]) == [output_type]


def test_colors_of_a_batch_are_isolated(post, base64_png):
    told = post("/batch-isolate-colors", images=[base64_png, "bm8="], method="lab", output_type="grid").json()
    assert [each["success"] for each in told["results"]] == [True, False]
    assert list(told["results"][0]["images"]) == ["grid"]
    assert told["results"][1]["error"].startswith("The image is text")


def test_forms_may_send_files(served, png):
    files = [("images", ("a.png", png, "image/png")), ("images", ("b.png", png, "image/png"))]
    told = served.http.post("/process-batch", files=files, data={"options": json.dumps(EDGES), "return": "edges"}).json()
    assert [each["success"] for each in told["results"]] == [True, True]
    assert [each["pictures"][0]["name"] for each in told["results"]] == ["edges", "edges"]
    cropped = served.http.post(
        "/detect-edges", files={"image": ("a.png", png)}, data={"crop_to_content": "true", "method": "sobel"}
    ).json()
    assert (cropped["method"], cropped["cropped_image"] is not None) == ("sobel", True)


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "sentence"),
    [
        ("/process-batch", {}, 400, "bad_message", "/process-batch needs the field 'images'."),
        ("/process-batch", {"images": []}, 400, "bad_message", "one or more pictures"),
        ("/process-batch", {"images": ["x"] * 11}, 413, "too_large", "A batch may have 10 images"),
        ("/process-batch", {"images": ["x"], "options": {"x": 1}}, 422, "bad_option", "no option 'x'"),
        ("/process-batch", {"images": ["x"], "return": ["x"]}, 422, "bad_option", "Nothing called 'x' can be returned"),
        ("/process-gcs-batch", {"bucket_name": "b", "image_paths": ["p"]}, 503, "unavailable", "reads no Google Cloud Storage"),
        ("/detect-edges", {"image": "bm8="}, 422, "bad_image", "The image is text, not a picture"),
        ("/detect-edges", {"image": "/etc/passwd"}, 422, "bad_image", "is not base64"),
        ("/detect-edges", {"image": "x", "method": "prewitt"}, 422, "bad_option", "known ones: canny"),
        ("/detect-edges", {"image": "x", "crop_to_content": "maybe"}, 400, "bad_message", "must be true or false"),
        ("/isolate-colors", {"image": "x", "method": "rgb"}, 422, "bad_option", "no method 'color.rgb'"),
        ("/isolate-colors", {"image": "x", "output_type": "all"}, 422, "bad_option", "known ones: ecg, grid, both"),
        ("/digitize", {"image": "x"}, 404, "not_found", "No method of the task digitize is installed here"),
        ("/generate-kaggle-csv", {"record_id": "1", "image": "x"}, 404, "not_found", "No method of the task digitize"),
        ("/generate-kaggle-csv", {"record_id": "1"}, 400, "bad_message", "needs the field 'image', or the fields 'fs' and 'signals'"),
        ("/nothing", {}, 405, "not_found", "POST /nothing is nothing that this server knows"),
    ],
)  # fmt: skip
def test_errors_have_a_status_and_a_sentence(post, path, body, status, code, sentence):
    answer = post(path, **body)
    assert (answer.status_code, answer.json()["code"], answer.json()["success"]) == (status, code, False)
    assert sentence in answer.json()["error"]


def test_bodies_that_are_no_json_are_told_so(served):
    for content, kind in (
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"x=1", "text/plain"),
        (b"x", "multipart/form-data"),
    ):
        answer = served.http.post("/process-batch", content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_message")


def test_a_form_of_too_many_pictures_is_refused(served, png):
    answer = served.http.post("/process-batch", files=[("images", ("a.png", png))] * 11)
    assert answer.status_code == 413


def test_a_body_that_is_too_large_is_refused_by_its_length_and_by_what_comes(start):
    served = start(max_message_bytes=1000)
    for body in ({"json": {"images": ["x" * 2000]}}, {"files": {"images": ("a.png", bytes(2000))}}):
        answer = served.http.post("/process-batch", **body)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    def chunks():
        for _ in range(30):
            yield b" " * 100

    answer = served.http.post("/process-batch", content=chunks(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


def test_a_busy_server_says_when_to_ask_again(start, dial, base64_png):
    served = start(max_workers=1, max_queue=0)
    dial(served).send(type="run_method", method="edges.nap", params={"seconds": 1.0}, image=base64_png)
    while not served.server.desk.under_way:
        pass
    answer = served.http.post("/detect-edges", json={"image": base64_png})
    assert (answer.status_code, answer.json()["code"]) == (429, "busy")
    assert int(answer.headers["retry-after"]) >= 1


def test_signals_become_lines_of_a_submission(post):
    body = {"record_id": "62", "fs": 100, "signals": {"I": [0.5] * 250, "II": [None, 0.25, None, 0.75]}}
    answer = post("/generate-kaggle-csv", **body)
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert lines[0] == "id,value"
    assert len(lines) == 1 + 11 * 250 + 1000
    values = {id_: float(value) for id_, value in (line.split(",") for line in lines[1:])}
    assert all(math.isfinite(value) for value in values.values())
    assert {values[f"62_{row}_I"] for row in range(250)} == {0.5}
    assert "62_999_II" in values
    assert "62_249_V6" in values
    short = post("/generate-kaggle-csv", **body, rows={"I": 2}).text.splitlines()
    assert short == ["id,value", "62_0_I,0.5000", "62_1_I,0.5000"]


@pytest.mark.parametrize(
    "body",
    [
        {"fs": 0, "signals": {}},
        {"fs": 1e9, "signals": {}},
        {"fs": 100, "signals": {"I": "x"}},
        {"fs": 100, "signals": {}, "rows": {"I": 1e9}},
    ],
)
def test_signals_that_make_no_sense_are_refused(post, body):
    assert post("/generate-kaggle-csv", record_id="1", **body).status_code == 422


def test_where_a_digitizer_is_installed_signals_come_back(start, dial, base64_png):
    served = start(digitizer=True)
    told = served.http.post("/digitize", json={"image": base64_png}).json()
    assert (told["success"], told["fs"], told["layout"]) == (True, 100.0, "strip")
    assert told["signals"] == {"II": [0.1, None, 0.3]}
    reply = dial(served).ask(
        **{"type": "process_image", "image": base64_png, "options": {"digitize": True}, "return": ["signals"]}
    )
    assert reply["steps"]["digitize"]["signals"] == {"II": [0.1, None, 0.3]}
    csv = served.http.post("/generate-kaggle-csv", json={"record_id": "9", "image": base64_png, "rows": {"II": 3}}).text
    assert [line.partition(",")[0] for line in csv.splitlines()] == ["id", "9_0_II", "9_1_II", "9_2_II"]


def test_what_there_is_can_be_asked(served):
    assert served.http.get("/health").json()["status"] == "ok"
    assert served.http.get("/ready").json()["status"] == "ready"
    assert {each["name"] for each in served.http.get("/isolation-methods").json()["methods"]} == {
        "opencv",
        "pillow",
        "skimage",
        "lab",
        "hsv",
    }
    assert served.http.get("/methods", params={"task": "grid"}).json()["methods"][0]["name"] == "grid.multiscale"
    assert served.http.get("/methods", params={"task": "x"}).status_code == 422


def test_metrics_count_what_was_done(start, base64_png):
    served = start()
    served.http.post("/process-batch", json={"images": [base64_png, "bm8="], "options": EDGES})
    lines = served.http.get("/metrics").text.splitlines()
    assert 'ecgbench_images_total{success="true"} 1.0' in lines
    assert 'ecgbench_images_total{success="false"} 1.0' in lines
    assert 'ecgbench_requests_total{code="ok",door="http",type="/process-batch"} 1.0' in lines
    assert "ecgbench_images_under_way 0.0" in lines


def test_the_openapi_document_names_every_endpoint_with_its_fields(served):
    document = served.http.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for endpoint in ENDPOINTS:
        content = document["paths"][endpoint.path]["post"]["requestBody"]["content"]
        assert set(content["application/json"]["schema"]["properties"]) == {field.name for field in endpoint.fields}
        assert content["multipart/form-data"]["schema"]["required"] == [field.name for field in endpoint.fields if field.required]
    for path, verbs in document["paths"].items():
        answer = served.http.request(next(iter(verbs)).upper(), path)
        assert answer.status_code != 405, path


def test_the_gallery_and_its_script_are_served_and_nothing_beside_them(served, tmp_path, monkeypatch):
    web = tmp_path / "web"
    web.mkdir()
    (web / "gallery.html").write_text("<h1>gallery</h1>")
    (web / "websocket_client.js").write_text("// client")
    (web / "notes.txt").write_text("private")
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(app, "WEB", web)
    page = served.http.get("/")
    assert page.text == "<h1>gallery</h1>"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert served.http.get("/websocket_client.js").headers["content-type"].startswith("text/javascript")
    for path in ("/notes.txt", "/..%2fsecret.js", "/../secret.js", "/%2e%2e/secret.js", "/etc/passwd", "/x.js"):
        assert served.http.get(path).status_code == 404, path


def test_every_file_of_the_gallery_is_served(served):
    for path in app.WEB.iterdir():
        if path.is_file():
            assert served.http.get(f"/{path.name}").content == path.read_bytes()


def test_a_missing_gallery_is_one_sentence(served, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "WEB", tmp_path / "none")
    for path in ("/", "/websocket_client.js"):
        answer = served.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
