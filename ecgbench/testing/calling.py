"""How checks call a method: each time with pixels of its own, so that a fault shows in the check that is about it and in no other."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ecgbench.core.page import Page
from ecgbench.core.params import NoParams
from ecgbench.core.transformer import Transformer
from ecgbench.testing.check import CheckFailed, Subject
from ecgbench.testing.pages import NAMES, sample_page
from ecgbench.workers import Beat, one_line

MOST_KEPT = 64  # results, of two or three methods: some 50 MB


def fresh_page(name: str) -> Page:
    """Return a sample page whose pixels and forms nobody else has."""
    return Page(sample_page(name).bgr.copy(), name, "ecgbench.testing")


def writable_input(method: Transformer[Any], name: str) -> Any:
    """Return what the method takes, of a sample page: an array that it may write to, or the page itself."""
    page = fresh_page(name)
    return page if method.kind == "page" else page.as_kind(method.kind).copy()


def call(method: Transformer[Any], given: Any, params: Any) -> Any:
    """Call the method's function on an array or page as it is; raise CheckFailed where it returns another type than it declares."""
    result = method.function(given) if method.params_type is NoParams else method.function(given, params)
    if not isinstance(result, method.result_type):
        raise CheckFailed(f"it declares {method.result_type.__name__} but returned {type(result).__name__}")
    return result


def answer(method: Transformer[Any], name: str, **params: Any) -> Any:
    """Return the method's result of a sample page, with its default parameters but for those given."""
    return call(method, writable_input(method, name), method.make_params(params))


_answered: dict[tuple[str, str], Any] = {}  # by method and page, in this process: most checks look at the same results


def first_answer(method: Transformer[Any], name: str) -> Any:
    """Return what the method gave of a sample page when it was first asked in this process: for checks that do not mind."""
    key = method.name, name
    if key not in _answered:
        if len(_answered) >= MOST_KEPT:
            _answered.clear()
        _answered[key] = answer(method, name)
    return _answered[key]


def answers(subject: Subject, names: Iterable[str], beat: Beat, *, sound: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield a method's results of sample pages by name, but for those on which it raises or was lost, which other checks tell of.

    `sound`: leave out results, too, that are not as their type declares.
    """
    for name in [name for name in names if name not in subject.left_out]:
        beat(NAMES.index(name))
        try:
            result = first_answer(subject.value, name)
            if sound:
                result.check(fresh_page(name))
        except Exception:  # noqa: S112 - `survives_...` and `returns_what_it_declares` tell of it
            continue
        yield name, result


def survive(method: Transformer[Any], names: Iterable[str], beat: Beat) -> None:
    """Raise CheckFailed that names every page on which the method raises."""
    failures = []
    for name in names:
        beat(NAMES.index(name))
        try:
            first_answer(method, name)
        except CheckFailed as error:
            failures.append(f"on the page {name!r} {error}")
        except Exception as error:
            failures.append(f"it raised {one_line(error)} on the page {name!r}{place_of(error, method)}")
    if failures:
        raise CheckFailed("; ".join(failures))


def place_of(error: BaseException, method: Transformer[Any]) -> str:
    """Return " (file, line n)" of the deepest line of the method's own module in an error's traceback; "" where there is none."""
    file, line, trace = method.function.__code__.co_filename, 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" ({file.replace(chr(92), '/').rpartition('/')[2]}, line {line})" if line else ""


def contents(result: Any) -> dict[str, str]:
    """Return a digest of each field of a value: two values are the same where these are.

    >>> contents({"edges": np.zeros(3)}) == contents({"edges": np.zeros(3, np.float32)})
    False
    """
    return {name: hashlib.sha256(_written(value)).hexdigest() for name, value in _fields(result).items()}


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Return the names of the fields that differ, as words; "" where none does."""
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return ", ".join(f"`{name}`" for name in names)


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dict(value) if isinstance(value, Mapping) else dict(getattr(value, "__dict__", {"value": value}))


def _written(value: Any) -> bytes:
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return f"{value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes()
    if isinstance(value, (list, tuple)):
        return b"[" + b",".join(map(_written, value)) + b"]"
    if isinstance(value, Mapping) or dataclasses.is_dataclass(value):
        return b"{" + b",".join(str(name).encode() + b":" + _written(each) for name, each in _fields(value).items()) + b"}"
    return f"{type(value).__name__} {value!r}".encode()
