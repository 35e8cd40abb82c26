"""Requests: read into typed values, or one sentence says what is wrong and which request it was."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgbench.wire import (
    KINDS,
    BadRequestError,
    Cancel,
    Compare,
    ListMethods,
    Message,
    ProcessBatch,
    ProcessGcsBatch,
    ProcessImage,
    RunMethod,
    WireError,
    image_bytes,
    read_message,
)
from ecgbench.wire.frames import pack
from ecgbench.wire.json import MOST_VALUES, read_object


def read(**values):
    return read_message(json.dumps(values))


def test_the_messages_of_the_earlier_browser_code_are_read():
    options = {"edge_detection": True, "crop_to_content": True, "method": "canny"}
    assert read(type="process_image", image="iVBO", options=options).request == ProcessImage("iVBO", options)
    assert read(type="process_batch", images=["a", "b"], options={}).request == ProcessBatch(("a", "b"), {})
    found = read(type="process_gcs_batch", bucket_name="b", image_paths=["x/1.png"], options=options)
    assert found == Message(ProcessGcsBatch("b", ("x/1.png",), options))


def test_the_new_messages_are_read():
    assert read(type="run_method", method="edges.canny", params={"sigma": 0.2}, image="x").request == RunMethod(
        "edges.canny", {"sigma": 0.2}, "x"
    )
    assert read(type="compare", task="edges", image="x", **{"return": ["drawing"]}).request == Compare(
        "edges", "x", frozenset({"drawing"})
    )
    assert read(type="list_methods", id=1) == Message(ListMethods(), 1)
    assert read(type="cancel", id="c", request=4) == Message(Cancel(4), "c")


def test_the_parts_of_a_binary_message_are_its_pictures():
    assert read_message(pack({"type": "process_image", "id": 3}, [b"png"])) == Message(ProcessImage(b"png"), 3, binary=True)
    assert read_message(pack({"type": "process_batch"}, [b"a", b"b"])).request == ProcessBatch((b"a", b"b"))
    assert read_message(pack({"type": "run_method", "method": "m"}, [b"a"])).request.image == b"a"
    assert read_message(pack({"type": "run_method", "method": "m"}, [b"a", b"b"])).request.images == (b"a", b"b")
    assert read_message(pack({"type": "list_methods"}, [])).request == ListMethods()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("[1]", "must be a JSON object"),
        ("{", "is not JSON"),
        ("{}", "no message type 'None'; known ones: process_image, "),
        ('{"type": "process_imgae", "image": ""}', "no message type 'process_imgae'"),
        ('{"type": ["process_image"]}', "no message type"),
        ('{"type": "process_image"}', "process_image needs the field 'image'"),
        ('{"type": "process_image", "image": 5}', "'image' must be a picture in base64, got a number"),
        ('{"type": "process_image", "image": ""}', "'image' is empty; send a picture"),
        ('{"type": "process_image", "image": "x", "option": {}}', "no field 'option'; did you mean 'options'"),
        ('{"type": "process_image", "image": "x", "options": []}', "'options' must be an object, got a list"),
        ('{"type": "process_batch", "images": []}', "'images' must be a list of one or more"),
        ('{"type": "process_batch", "images": "x"}', "'images' must be a list of one or more pictures in base64, got text"),
        ('{"type": "process_batch", "images": ["x", null]}', r"'images\[1\]' must be a picture in base64, got null"),
        ('{"type": "run_method", "method": "m"}', "needs the field 'image' or the field 'images'"),
        ('{"type": "run_method", "method": "m", "image": "x", "images": ["y"]}', "needs the field 'image' or the field 'images'"),
        ('{"type": "process_image", "image": "x", "return": ["mask"]}', "'mask' can be returned; known ones: edges, trace"),
        ('{"type": "list_methods", "id": {}}', "'id' must be text of 1 to 200 characters, got an object"),
        ('{"type": "list_methods", "id": true}', "'id' must be text"),
        (pack({"type": "process_image"}, []), "takes one picture, got 0 parts"),
        (pack({"type": "process_image"}, [b"a", b"b"]), "takes one picture, got 2 parts"),
        (pack({"type": "process_image", "image": "x"}, [b"a"]), "leave image out"),
        (pack({"type": "list_methods"}, [b"a"]), "list_methods takes no pictures"),
        (pack({"type": "process_image"}, [b""]), "'image' is empty; send a picture"),
    ],
)
def test_what_is_wrong_is_one_sentence(message, sentence):
    with pytest.raises(BadRequestError, match=sentence) as caught:
        read_message(message)
    assert caught.value.status in (400, 422)


def test_an_error_knows_the_id_where_it_could_be_read():
    with pytest.raises(BadRequestError) as caught:
        read(type="process_image", id="mine")
    assert caught.value.id == "mine"
    with pytest.raises(BadRequestError) as caught:
        read_message("no JSON")
    assert caught.value.id is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(sorted({field.name for kind in KINDS.values() for field in kind.fields} | {"id"}))


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(NAMES, VALUES, max_size=5))
@settings(max_examples=200, deadline=None)
def test_any_object_is_a_request_or_one_error(kind, values):
    try:
        found = read_message(json.dumps({"type": kind, **values}))
    except BadRequestError as error:
        assert str(error)
    else:
        assert isinstance(found.request, KINDS[kind].value)


def test_a_picture_in_base64_may_have_a_data_url_and_line_breaks():
    assert image_bytes("aGVsbG8=") == b"hello"
    assert image_bytes("data:image/png;base64,aGVs\nbG8=\n") == b"hello"
    assert image_bytes(b"hello") == b"hello"


@pytest.mark.parametrize("text", ["/etc/passwd", "http://127.0.0.1/x.png", "gs://bucket/x.png", "aGVsbG8", "a b c", "ä"])
def test_what_is_not_base64_is_an_error_and_never_an_address(text):
    with pytest.raises(WireError, match="is not base64"):
        image_bytes(text)


def test_json_of_more_values_than_memory_is_refused_before_it_is_read():
    with pytest.raises(WireError, match="more than 1000000 values"):
        read_object('{"a":[' + "[]," * (MOST_VALUES + 1) + "[]]}")
