"""One decoded ECG picture, and the array forms of it that a method may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ArrayKind:
    """Marks an annotation as one of the forms that a page can give."""

    name: str


Bgr: TypeAlias = Annotated[Pixels, ArrayKind("bgr")]
"""(H, W, 3) uint8, blue-green-red, 0..255."""
Gray: TypeAlias = Annotated[Pixels, ArrayKind("gray")]
"""(H, W) uint8, ITU-R BT.601 luma, 0..255."""
Lab: TypeAlias = Annotated[Pixels, ArrayKind("lab")]
"""(H, W, 3) uint8 CIE L*a*b* as OpenCV scales it: L 0..255, a and b 0..255 with 128 neutral."""
Hsv: TypeAlias = Annotated[Pixels, ArrayKind("hsv")]
"""(H, W, 3) uint8 as OpenCV scales it: hue 0..179 (2 degrees a step), saturation and value 0..255."""

KINDS = ("bgr", "gray", "lab", "hsv", "page")


class Box(NamedTuple):
    """A rectangle in pixels: left and top edge, width, height; it covers columns x .. x + width - 1."""

    x: int
    y: int
    width: int
    height: int

    def padded(self, padding: int, shape: tuple[int, ...]) -> Box:
        """Return the box grown by `padding` pixels on each side and kept within a picture of `shape` (H, W, ...)."""
        x0, y0 = max(0, self.x - padding), max(0, self.y - padding)
        x1 = min(shape[1], self.x + self.width + padding)
        y1 = min(shape[0], self.y + self.height + padding)
        return Box(x0, y0, x1 - x0, y1 - y0)


class PageError(ValueError):
    """Something that cannot be made into a page; the message says what and why."""


@dataclass(frozen=True, eq=False)
class Page:
    """One decoded ECG picture with its name, its origin and, where known, its resolution.

    `bgr` is (H, W, 3) uint8 and read-only, as are the forms made from it; each form is made at most once.
    `origin` says where the picture came from (a path, a URL, a recipe). `dpi` is in pixels per inch, None where unknown.
    `content_id` is "sha256:..." of the encoded bytes, or None where the page did not come from bytes. `findings`: what earlier steps of a
    pipeline found on the page with their methods' defaults, by method name, so that later steps need not find it again. A run leaves it
    empty: there a method's time is its own.

    >>> page = Page(np.full((40, 60, 3), 255, np.uint8), name="blank")
    >>> page.shape, page.gray.shape, page.gray.flags.writeable
    ((40, 60), (40, 60), False)
    """

    bgr: Bgr
    name: str = "page"
    origin: str = "array"
    dpi: float | None = None
    content_id: str | None = None
    findings: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.bgr.dtype != np.uint8 or self.bgr.ndim != 3 or self.bgr.shape[2] != 3 or self.bgr.size == 0:
            raise PageError(f"A page needs a non-empty (H, W, 3) uint8 array, got {self.bgr.dtype} of shape {self.bgr.shape}.")
        object.__setattr__(self, "bgr", _read_only(self.bgr))

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.bgr.shape[0], self.bgr.shape[1]

    @cached_property
    def gray(self) -> Gray:
        """The page in shades of gray, (H, W) uint8."""
        return frozen(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY))

    @cached_property
    def lab(self) -> Lab:
        """The page in CIE L*a*b*, (H, W, 3) uint8."""
        return frozen(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2LAB))

    @cached_property
    def hsv(self) -> Hsv:
        """The page as hue, saturation and value, (H, W, 3) uint8."""
        return frozen(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2HSV))

    def as_kind(self, kind: str) -> Any:
        """Return the form named `kind` ("bgr", "gray", "lab", "hsv", or "page" for the page itself)."""
        return self if kind == "page" else getattr(self, kind)

    def crop(self, box: Box) -> Page:
        """Return the part of the page inside `box`, with the same name, origin and resolution."""
        part = self.bgr[box.y : box.y + box.height, box.x : box.x + box.width]
        return Page(np.ascontiguousarray(part), self.name, self.origin, self.dpi)


def _read_only(pixels: Any) -> Pixels:
    """Return a view of `pixels` that cannot be written through; the caller's own array stays as it was."""
    view: Pixels = np.asarray(pixels).view()
    view.setflags(write=False)
    return view


def frozen(pixels: Any) -> Pixels:
    """Return a read-only view of an array of our own, which no view of it can make writable again."""
    owner = np.asarray(pixels)
    owner.setflags(write=False)
    return _read_only(owner)


def page_from_array(image: Any, *, name: str = "array") -> Page:
    """Make a page of an array: (H, W) gray, (H, W, 3) BGR or (H, W, 4) BGRA; uint8, uint16, bool or float in 0..1.

    Transparent pixels are laid on white paper, as print would. Raises PageError for anything else.

    >>> page_from_array(np.zeros((3, 5), np.uint8)).bgr.shape
    (3, 5, 3)
    """
    pixels = np.asarray(image)
    if pixels.ndim not in (2, 3) or pixels.size == 0 or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3, 4)):
        raise PageError(f"An image array must be (H, W), (H, W, 3) or (H, W, 4) and not empty, got shape {pixels.shape}.")
    pixels = _to_uint8(pixels)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return Page(frozen(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)), name)
    if pixels.shape[2] == 4:
        return Page(frozen(_on_white(pixels)), name)
    return Page(np.ascontiguousarray(pixels), name)


def _to_uint8(pixels: npt.NDArray[Any]) -> Pixels:
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype == np.uint16:
        return np.asarray(pixels >> 8, dtype=np.uint8)
    if np.issubdtype(pixels.dtype, np.floating):
        if not np.isfinite(pixels).all():
            raise PageError("The image array holds NaN or infinite values; fill them before making a page of it.")
        if pixels.min() < 0 or pixels.max() > 1:
            raise PageError(f"A float image array must lie in 0..1, this one spans {pixels.min():.3g}..{pixels.max():.3g}.")
        return np.asarray(np.rint(pixels * 255), dtype=np.uint8)
    raise PageError(f"An image array must be uint8, uint16, bool or float, got {pixels.dtype}.")


def _on_white(bgra: Pixels) -> Pixels:
    alpha = cv2.extractChannel(bgra, 3)
    opaque = np.asarray(cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR), dtype=np.uint8)
    if cv2.minMaxLoc(alpha)[0] == 255:  # as plotting programs write them: nothing to mix
        return opaque
    wide = alpha[..., None].astype(np.uint16)
    return np.asarray((opaque * wide + 255 * (255 - wide) + 127) // 255, dtype=np.uint8)
