"""Binary messages: what is packed comes back, and lengths that do not fit are refused."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgbench.wire import WireError
from ecgbench.wire.frames import pack, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    header=st.dictionaries(st.text().filter(lambda name: name != "parts"), JSON, max_size=4),
    parts=st.lists(st.binary(max_size=50)),
)
@settings(max_examples=50, deadline=None)
def test_what_is_packed_comes_back(header, parts):
    assert unpack(pack(header, parts)) == (header, parts)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"ECG1" + tail))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_message_or_one_error(data):
    try:
        header, parts = unpack(data)
    except WireError as error:
        assert error.code == "bad_message"
    else:
        assert isinstance(header, dict)
        assert sum(map(len, parts)) <= len(data)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (b"", "starts with ECG1"),
        (b"\x89PNG\r\n\x1a\n and so on", "starts with ECG1"),
        (b"ECG1" + struct.pack(">I", 2**32 - 1) + b"{}", "says its header has 4294967295 bytes"),
        (b"ECG1" + struct.pack(">I", 2) + b"{}", "must have parts"),
        (b"ECG1" + struct.pack(">I", 12) + b'{"parts":[5]' + b"}", "is not JSON"),
        (b"ECG1" + struct.pack(">I", 14) + b'{"parts":[-1]}', "must have parts"),
        (b"ECG1" + struct.pack(">I", 14) + b'{"parts":[99]}' + b"abc", "add up to 99 bytes, but 3 follow"),
        (b"ECG1" + struct.pack(">I", 16) + b'{"parts":[true]}' + b"a", "must have parts"),
    ],
)
def test_lengths_that_do_not_fit_are_refused_with_a_sentence(frame, sentence):
    with pytest.raises(WireError, match=sentence):
        unpack(frame)
