"""Calls of any function: what it takes is told by its first parameter, and only the call is timed."""

from __future__ import annotations

import asyncio
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import cv2
import numpy as np
import pytest

from ecgbench import Page, PageError
from ecgbench.calls import CALL, Base64Picture, FunctionWork, name_of, wants
from ecgbench.plugins.edges import canny, detect_edges
from ecgbench.plugins.pages import open_page

if TYPE_CHECKING:
    from nowhere import Picture

PAGE = np.full((6, 9, 3), 200, np.uint8)


class Meter:
    def __call__(self, image):
        return image.shape

    def method(self, path):
        return path


def text(picture: str): ...
def path(picture: Path): ...
def either(picture: str | Path): ...
def maybe(picture: Optional[Path]): ...  # noqa: UP045 - people write both
def path_like(picture: os.PathLike[str]): ...
def page(picture: Page): ...
def array(picture: np.ndarray): ...
def table(picture: dict[str, str]): ...
def unknown(picture: Picture): ...
def nothing(): ...
def any_number(*pictures): ...


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (text, "str"), (path, "Path"), (either, "path"), (maybe, "Path"), (path_like, "path"), (page, "page"), (array, "array"),
        (table, "array"), (unknown, "array"), (nothing, "array"), (any_number, "array"), (Meter(), "array"),
        (Meter().method, "path"), (functools.partial(text), "str"), (functools.partial(np.mean, axis=0), "array"),
        (lambda image_path: 0, "path"), (lambda path: 0, "path"), (lambda image: 0, "array"), (len, "array"), (cv2.mean, "array"),
        (canny, "page"), (detect_edges, "array"),
    ],
)  # fmt: skip
def test_the_first_parameter_tells_what_a_function_wants(function, wanted):
    assert wants(function) == wanted


def test_annotations_that_are_no_text_tell_the_same():
    for kind, wanted in ((Page, "page"), (Path, "Path"), (str, "str"), (str | Path, "path"), (np.ndarray, "array")):

        def function(picture): ...

        function.__annotations__["picture"] = kind
        assert wants(function) == wanted


def test_functions_are_called_by_a_name_that_people_know():
    named = [name_of(each) for each in (text, functools.partial(text, 1), Meter(), Meter().method, len, lambda: 0)]
    assert named == ["text", "text", "Meter", "method", "len", "<lambda>"]


def called(function, source, **params):
    beats = []
    value, seconds = FunctionWork(function, params, open_page, wants(function))((0, source), beats.append)
    assert seconds >= 0
    return value, beats


def test_a_function_gets_an_array_of_its_own_that_it_may_write_to():
    def paint(image, level):
        image[:] = level
        return image

    painted, _ = called(paint, PAGE, level=7)
    assert (painted == 7).all()
    assert (PAGE == 200).all()


def test_a_function_gets_a_page_or_a_path_as_it_was_annotated(tmp_path):
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), PAGE)

    def size(picture: Page) -> int:
        return picture.shape

    assert called(size, str(file))[0] == (6, 9)
    for kind, given, expected in ((Path, str(file), file), (str, file, str(file)), (str | Path, file, file)):

        def same(picture):
            return picture

        same.__annotations__["picture"] = kind
        found, _ = called(same, given)
        assert found == expected
        assert type(found) is type(expected)


def test_a_function_that_takes_a_path_refuses_pixels():
    with pytest.raises(TypeError, match="path takes a path, and this picture has none; give image_paths="):
        called(path, PAGE)


def test_coroutines_are_awaited():
    async def shape(image):
        await asyncio.sleep(0)
        return image.shape

    assert called(shape, PAGE)[0] == (6, 9, 3)


def test_the_clock_starts_when_the_picture_is_open():
    order = []

    def opening(source):
        order.append("opened")
        return open_page(source)

    FunctionWork(lambda image: order.append("called"), {}, opening)((0, PAGE), order.append)
    assert order == ["opened", CALL, "called"]


def test_base64_text_is_a_picture_with_or_without_its_prefix():
    import base64

    text = base64.b64encode(cv2.imencode(".png", PAGE)[1]).decode()
    for given in (text, f"data:image/png;base64,{text}", f"{text[:40]}\n{text[40:]}"):
        assert open_page(Base64Picture(given)).shape == (6, 9)
    with pytest.raises(PageError, match=r"a\.png.* is not base64"):
        open_page(Base64Picture("a.png"))
