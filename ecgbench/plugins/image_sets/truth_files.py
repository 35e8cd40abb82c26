"""Pages with their truth on disk: what is written beside a picture, and how it is read back.

Beside ``name.png`` stands ``name.json``, UTF-8::

    {"format": "ecgbench-truth", "version": 1,
     "picture": "name.png", "size": [2200, 1700],
     "case": {"record": "12", "type": "0005", "layout": "3x4+1", "grid_color": "red", "dpi": 200.0, "severity": 0.5},
     "content_box": [x, y, width, height], "px_per_mm_x": 7.874, "px_per_mm_y": 7.874, "has_grid": true, "angle_deg": 0.0,
     "fine_x": [...], "fine_y": [...], "bold_x": [...], "bold_y": [...], "legible": true, "layout": "3x4+1",
     "corners": [[x, y], [x, y], [x, y], [x, y]], "mm_per_s": 25.0, "mm_per_mv": 10.0,
     "trace_mask": "name.trace.png", "grid_mask": "name.grid.png",
     "label_mask": "name.label.png", "pulse_mask": "name.pulse.png", "separator_mask": "name.separator.png",
     "signals": {"file": "name.csv", "fs": 500.0, "layout": "3x4+1"},
     "traces": {"file": "name.points.npz", "leads": [{"lead": "I", "fs": 500.0, "start_s": 0.0, "box": [x, y, width, height]}, ...]}}

Each key but the first two may be missing: then it is not known. The values are those of `ecgbench.core.truth.Truth`, `TraceTruth`
and `CaseInfo`, in pixels, degrees, seconds and Hz. Masks are 1-bit PNGs of the picture's size, white where set. The CSV has one
column a lead, named in its first line, in mV, empty where the page shows nothing or where the lead is shorter than others. The NPZ
holds the points of the traces as arrays "0", "1", ... (n, 2) of (x, y), in the order of "leads", float32 where it holds them
exactly and float64 elsewhere. Files are named without a folder: they lie beside the picture.

Where there is no ``name.json``, ``name.csv`` with a column "time" in seconds, or the WFDB record ``name.hea``, tells the signals alone.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import cv2
import numpy as np

from ecgbench.core.image_set import ImageSet, SpecError
from ecgbench.core.page import Box, Mask, Page, PageError
from ecgbench.core.results import Positions, Signals
from ecgbench.core.truth import Case, TraceTruth, Truth
from ecgbench.plugins.pages import open_page as open_known_page

FORMAT, VERSION = "ecgbench-truth", 1
INFO_FIELDS = {"record": str, "type": str, "layout": str, "grid_color": str, "dpi": float, "severity": float}
LINES = ("fine_x", "fine_y", "bold_x", "bold_y")
NUMBERS = ("px_per_mm_x", "px_per_mm_y", "angle_deg", "mm_per_s", "mm_per_mv")
FLAGS = ("has_grid", "legible")
MASKS = {
    "trace_mask": ".trace.png",
    "grid_mask": ".grid.png",
    "label_mask": ".label.png",
    "pulse_mask": ".pulse.png",
    "separator_mask": ".separator.png",
}
OTHERS = ("format", "version", "picture", "size", "case", "content_box", "layout", "signals", "corners", "traces")
KEYS = frozenset((*OTHERS, *LINES, *NUMBERS, *FLAGS, *MASKS))

# What reading a damaged or a foreign NPZ may raise: of zip and deflate, of a zip that is encrypted or packed otherwise, and of NumPy.
BROKEN_ZIP = (
    BadZipFile,
    zlib.error,
    EOFError,
    struct.error,
    RuntimeError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    OSError,
)

Runner = Callable[[Callable[[Case], Path], Iterable[Case]], Iterable[Path]]


class TruthError(ValueError):
    """A truth file that cannot be read; the message names it and says why."""


def write_pages(
    image_set: ImageSet, directory: Path, *, open_page: Callable[[Any], Page] = open_known_page, run: Runner = map
) -> Iterator[Path]:
    """Write the pages of an image set, and their truth, into `directory`; yield the path of each picture when it is complete.

    Opened as a folder, the directory gives the same pixels and the same truth; a case "a/b" is called "a/b.png" there.
    `open_page` opens the cases' sources. `run(function, cases)` carries the work out, like `map` or a pool's `imap`. Files are put in
    place whole, the picture last, so that a set that was cut short holds complete pages only. Raises SpecError where two cases would
    be written to the same file, or one outside the directory, and PageError where a page cannot be opened.
    """
    yield from run(partial(write_page, directory=directory, open_page=open_page), _named_apart(image_set))


def write_page(case: Case, directory: Path, *, open_page: Callable[[Any], Page] = open_known_page) -> Path:
    """Write one case into `directory`: name.png, name.json, and its masks, signals and points where known; return the picture's path."""
    page, truth = open_page(case.source), case.read_truth()
    picture = directory / _file_name(case.name)
    picture.parent.mkdir(parents=True, exist_ok=True)
    stem = picture.name[: -len(".png")]
    facts = _facts(case, page, truth, picture.name)
    for key, suffix in MASKS.items():
        mask = getattr(truth, key)
        if mask is not None:
            facts[key] = stem + suffix
            _put(picture.with_name(stem + suffix), _png(mask.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_BILEVEL, 1]))
    if truth.signals is not None:
        facts["signals"] = {"file": f"{stem}.csv", "fs": truth.signals.fs, "layout": truth.signals.layout}
        _put(picture.with_name(f"{stem}.csv"), _csv(truth.signals).encode())
    if truth.traces is not None:
        facts["traces"] = {"file": f"{stem}.points.npz", "leads": [_described(trace) for trace in truth.traces]}
        _put(picture.with_name(f"{stem}.points.npz"), _npz(trace.points for trace in truth.traces))
    _put(picture.with_name(f"{stem}.json"), json.dumps(facts).encode())
    _put(picture, _with_dpi(_png(page.bgr, []), page.dpi))
    return picture


def _named_apart(image_set: ImageSet) -> Iterator[Case]:
    seen: set[str] = set()
    for case in image_set:
        name = _file_name(case.name)
        if name in seen:
            raise SpecError(f"Two cases of {image_set.name} would both be written to {name}; give them names of their own.")
        seen.add(name)
        yield case


def _file_name(name: str) -> str:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise SpecError(f"The case {name!r} would be written outside the folder; give it a name without .. and leading /.")
    return name if name.lower().endswith(".png") else f"{name}.png"


def _facts(case: Case, page: Page, truth: Truth, picture: str) -> dict[str, Any]:
    """Return what is known, as the JSON file holds it, but for masks and signals."""
    info = {name: getattr(case.info, name) for name in INFO_FIELDS}
    facts: dict[str, Any] = {"format": FORMAT, "version": VERSION, "picture": picture, "size": [page.shape[1], page.shape[0]]}
    facts["case"] = {name: value for name, value in info.items() if value is not None}
    if truth.content_box is not None:
        facts["content_box"] = [int(value) for value in truth.content_box]
    for kind, names in ((float, NUMBERS), (bool, FLAGS), (str, ("layout",))):
        facts |= {name: kind(getattr(truth, name)) for name in names if getattr(truth, name) is not None}
    for name in (*LINES, "corners"):
        if getattr(truth, name) is not None:
            facts[name] = getattr(truth, name).tolist()
    return facts


def _described(trace: TraceTruth) -> dict[str, Any]:
    """Return all of a trace but its points."""
    described: dict[str, Any] = {"lead": str(trace.lead), "fs": float(trace.fs), "start_s": float(trace.start_s)}
    return described if trace.box is None else described | {"box": [int(value) for value in trace.box]}


def _npz(arrays: Iterable[Positions]) -> bytes:
    """Encode arrays (n, 2) as NumPy does; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{str(index): _short(array) for index, array in enumerate(arrays)})  # type: ignore[arg-type]
    return buffer.getvalue()


def _short(array: Positions) -> np.ndarray:
    """Return an array as float32 where nothing is lost by that, which halves the file."""
    short = array.astype(np.float32)
    return short if np.array_equal(short, array, equal_nan=True) else array


def _put(path: Path, data: bytes) -> None:
    """Put a file in place whole: readers see the old one or the new one."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _png(pixels: np.ndarray, options: list[int]) -> bytes:
    done, encoded = cv2.imencode(".png", pixels, options)
    if not done:
        raise PageError(f"A picture of shape {pixels.shape} cannot be written as PNG.")
    return encoded.tobytes()


def _with_dpi(png: bytes, dpi: float | None) -> bytes:
    """Add the resolution to an encoded PNG: the pHYs chunk (ISO/IEC 15948, 11.3.5.3) after the header, in pixels per meter."""
    if dpi is None:
        return png
    header_end = 8 + 25  # signature, then IHDR: length, type, 13 bytes, checksum
    body = b"pHYs" + struct.pack(">IIB", round(dpi / 0.0254), round(dpi / 0.0254), 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:header_end] + chunk + png[header_end:]


def _csv(signals: Signals) -> str:
    columns = [signal.tolist() for signal in signals.leads.values()]
    rows = zip_longest(*columns, fillvalue=math.nan)
    lines = (
        ",".join("" if math.isnan(value) else f"{value:.9g}" for value in row) for row in rows
    )  # 9 digits tell float32 apart
    return "\n".join((",".join(signals.leads), *lines)) + "\n"


@dataclass(frozen=True)
class TruthFile:
    """Reads the truth of a picture from the JSON file beside it; small enough to travel to a worker."""

    path: str

    def __call__(self) -> Truth:
        """Return the truth; nothing is known where the file is not of our format. Raises TruthError where it is, but is broken."""
        facts = read_facts(self.path)
        if facts is None:
            return Truth()
        try:
            return self._truth(facts)
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise TruthError(f"The truth file {self.path} cannot be used: {_said(error)}.") from None

    def _truth(self, facts: Mapping[str, Any]) -> Truth:
        known: dict[str, Any] = {name: float(facts[name]) for name in NUMBERS if name in facts}
        known |= {name: _flag(name, facts[name]) for name in FLAGS if name in facts}
        known |= {name: np.array(facts[name], dtype=np.float64).reshape(-1) for name in LINES if name in facts}
        known |= {name: self._mask(facts, name) for name in MASKS if name in facts}
        if "content_box" in facts:
            known["content_box"] = _box(facts["content_box"])
        if "layout" in facts:
            known["layout"] = str(facts["layout"])
        if "corners" in facts:
            known["corners"] = np.array(facts["corners"], dtype=np.float64).reshape(4, 2)
        if "signals" in facts:
            known["signals"] = self._signals(facts["signals"])
        if "traces" in facts:
            known["traces"] = self._traces(facts["traces"])
        return Truth(**known)

    def _beside(self, name: Any) -> Path:
        if not isinstance(name, str) or Path(name).name != name:
            raise ValueError(f"{name!r} is no file beside it")
        return Path(self.path).with_name(name)

    def _mask(self, facts: Mapping[str, Any], name: str) -> Mask:
        mask = np.asarray(open_known_page(self._beside(facts[name])).gray >= 128)
        if "size" in facts and mask.shape[::-1] != tuple(facts["size"]):
            raise ValueError(f"{facts[name]} is not of the picture's size {facts['size']}")
        mask.setflags(write=False)
        return mask

    def _traces(self, described: Mapping[str, Any]) -> tuple[TraceTruth, ...]:
        leads = described["leads"]
        arrays = _read_npz(self._beside(described["file"]), len(leads))
        return tuple(
            TraceTruth(
                str(lead["lead"]), array, float(lead["fs"]), float(lead["start_s"]), _box(lead["box"]) if "box" in lead else None
            )
            for lead, array in zip(leads, arrays, strict=True)
        )

    def _signals(self, described: Mapping[str, Any]) -> Signals:
        text = self._beside(described["file"]).read_text(encoding="utf-8")
        head, *lines = text.removesuffix("\n").split("\n")  # an empty line is a sample of a single lead that is not known
        names = head.split(",")
        if not all(names):
            raise ValueError(f"{described['file']} does not name its leads")
        rows = [[float(cell) if cell else np.nan for cell in line.split(",")] for line in lines]
        table = np.array(rows, dtype=np.float32).reshape(len(rows), len(names))
        leads = {name: np.ascontiguousarray(column) for name, column in zip(names, table.T, strict=True)}
        return Signals(float(described["fs"]), leads, described.get("layout"))


def case_fields(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of CaseInfo that a truth file states, but for those that are of another type than they should be."""
    stated = facts.get("case")
    if not isinstance(stated, dict):
        return {}
    stated = {name: float(value) if type(value) is int else value for name, value in stated.items()}
    return {name: stated[name] for name, kind in INFO_FIELDS.items() if isinstance(stated.get(name), kind)}


def read_facts(path: str, *, picture: str | None = None) -> dict[str, Any] | None:
    """Return what a truth file holds; None where it is some other JSON, or speaks of another picture than `picture`.

    Raises TruthError where it is broken or of a later version.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise TruthError(f"The truth file {path} cannot be read: {_said(error)}.") from None
    return facts_of(data, path, picture=picture)


def facts_of(data: bytes, path: str, *, picture: str | None = None) -> dict[str, Any] | None:
    """Return what the bytes of a truth file hold, as `read_facts` does; `path` is what errors call it."""
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TruthError(f"The truth file {path} cannot be read: {_said(error)}.") from None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        return None
    if picture is not None and facts.get("picture", picture) != picture:
        return None
    if facts.get("version") != VERSION:
        raise TruthError(f"The truth file {path} is of version {facts.get('version')}; this ecgbench reads version {VERSION}.")
    if not facts.keys() <= KEYS:
        unknown = ", ".join(sorted(facts.keys() - KEYS))
        raise TruthError(f"The truth file {path} states {unknown}, which is not known; known are {', '.join(sorted(KEYS))}.")
    return facts


def _read_npz(path: Path, count: int) -> list[Positions]:
    """Return arrays "0" to `count` - 1 as float64 (n, 2). Raises ValueError where the file does not hold them."""
    packed = io.BytesIO(path.read_bytes())
    try:
        with np.load(packed, allow_pickle=False) as arrays:
            return [arrays[str(index)].astype(np.float64).reshape(-1, 2) for index in range(count)]
    except BROKEN_ZIP as error:
        raise ValueError(f"{path.name} does not hold the points of {count} traces ({error})") from None


def _box(values: Any) -> Box:
    x, y, width, height = (int(value) for value in values)
    return Box(x, y, width, height)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")  # noqa: TRY004 (of a file's content, not of an argument)
    return value


def _said(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
