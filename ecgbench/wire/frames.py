"""Binary messages: a JSON header and parts of raw bytes in one frame (the layout stands in docs/server.md)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from ecgbench.wire.errors import WireError
from ecgbench.wire.json import read_object, to_bytes

MAGIC = b"ECG1"
_START = struct.Struct(">4sI")


def pack(header: Mapping[str, Any], parts: Sequence[bytes]) -> bytes:
    r"""Return the frame of a header and parts; the header's `parts` is set to their lengths.

    >>> pack({"type": "x"}, [b"ab", b"c"])
    b'ECG1\x00\x00\x00\x1a{"type":"x","parts":[2,1]}abc'
    """
    text = to_bytes({**header, "parts": [len(part) for part in parts]})
    return b"".join([_START.pack(MAGIC, len(text)), text, *parts])


def unpack(frame: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Return the header, without its `parts`, and the parts; WireError `bad_message` where the lengths do not fit.

    >>> unpack(pack({"type": "x"}, [b"ab", b"c"]))
    ({'type': 'x'}, [b'ab', b'c'])
    """
    if len(frame) < _START.size or frame[: len(MAGIC)] != MAGIC:
        raise WireError("bad_message", "A binary message starts with ECG1 and the length of its header (see docs/server.md).")
    _, length = _START.unpack_from(frame)
    start = _START.size + length
    if start > len(frame):
        raise WireError("bad_message", f"The message says its header has {length} bytes, and has {len(frame)} in all.")
    header = read_object(frame[_START.size : start])
    lengths = header.pop("parts", None)
    if not isinstance(lengths, list) or not all(type(each) is int and each >= 0 for each in lengths):
        raise WireError("bad_message", "The header of a binary message must have parts, a list of the length of each part.")
    if start + sum(lengths) != len(frame):
        raise WireError("bad_message", f"The parts add up to {sum(lengths)} bytes, but {len(frame) - start} follow the header.")
    ends = accumulate(lengths, initial=start)
    return header, [frame[end : end + each] for end, each in zip(ends, lengths, strict=False)]
