"""Base64 of pictures: the fast way gives what binascii gives, and leaves what is wrong to it."""

import base64
import os

import pytest

from ecgbench.wire import WireError
from ecgbench.ws_server.base64_text import BLOCK, WORTH_IT, decoded


@pytest.mark.parametrize(
    "size", [0, 1, WORTH_IT, WORTH_IT + 1, WORTH_IT + 2, BLOCK * 3 // 4, BLOCK * 3 // 4 + 3, BLOCK + 5, 1_000_001]
)
def test_every_size_comes_back(size):
    data = os.urandom(size)
    text = base64.b64encode(data).decode()
    assert decoded(text) == data
    assert decoded("data:image/png;base64," + text) == data
    assert decoded(base64.encodebytes(data).decode()) == data  # with line breaks
    assert decoded(data) == data


@pytest.mark.parametrize("wrong", ["*", "-", "=", " é", "\x00"])
@pytest.mark.parametrize("place", [0, 5000, -1])
def test_a_wrong_letter_anywhere_is_an_error(wrong, place):
    text = list(base64.b64encode(bytes(9000)).decode())
    text[place] = wrong
    if wrong == "=" and place == -1:
        text[place - 3] = "*"  # one at the end is padding
    with pytest.raises(WireError, match="is not base64"):
        decoded("".join(text))


def test_a_text_that_was_cut_is_an_error():
    with pytest.raises(WireError, match="is not base64"):
        decoded(base64.b64encode(bytes(9000)).decode()[:-2])
