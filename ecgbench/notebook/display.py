"""Results as HTML for a notebook: the picture, its leads as curves, and tables; made when shown, so that results stay small."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import PageError
from ecgbench.registry import default_registry

Samples = npt.NDArray[np.floating[Any]]

NOTHING: Samples = np.empty(0, np.float32)
COLUMNS = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))  # as on paper
CELL_WIDTH, CELL_HEIGHT = 220, 90  # pixels of a lead's curve
LOWEST_SPAN_MV = 1.0  # of a curve's height: what is flat shall look flat
POINTS_PER_PIXEL = 3  # of a curve, so that narrow waves keep their height
THUMBNAIL = 640  # pixels of the picture's longer side
GREEN, RED = "#1a7f37", "#b42318"


def picture_html(result: Mapping[str, Any]) -> str:
    """Return one result: what it is, the picture where it can still be read, and the leads."""
    leads = {name: np.asarray(signal) for name, signal in result["signals"].items()}
    return f"<div>{_headline(result)}<div>{_thumbnail(result)}{_curves(leads) if leads else ''}</div></div>"


def batch_html(results: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """Return several results, which took `seconds` together, as a table, one a row."""
    failed = sum(not result["success"] for result in results)
    work = sum(result["seconds"] for result in results)
    told = f"{len(results)} pictures, {failed} failed, in {seconds:.1f} s ({work:.1f} s of work, in parallel)"
    head = "".join(f"<th>{title}</th>" for title in ("picture", "", "layout", "leads seen", "seconds", "to be said"))
    rows = "".join(
        f"<tr>{''.join(f'<td style=text-align:left>{cell}</td>' for cell in (_name(each), _sign(each), *_facts(each)))}</tr>"
        for each in results
    )
    return f"<p>{told}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _headline(result: Mapping[str, Any]) -> str:
    layout, seen, seconds, said = _facts(result)
    told = [
        f"<b>{_name(result)}</b> {_sign(result)}",
        *([f"{layout}, {seen} lead{'s' * (seen != '1')}"] if seen else []),
        f"{seconds} s",
        said,
    ]
    return f"<p>{' &middot; '.join(part for part in told if part)}</p>"


def _name(result: Mapping[str, Any]) -> str:
    return html.escape(str(result["image"]))


def _sign(result: Mapping[str, Any]) -> str:
    return f'<span style="color:{GREEN}">&#10003;</span>' if result["success"] else f'<span style="color:{RED}">&#10007;</span>'


def _facts(result: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return layout, number of leads seen, seconds, and what is wrong, each as HTML."""
    found = result["steps"].get("digitize", {})
    seen = sum(lead["known"] > 0 for lead in found.get("leads", {}).values())
    doubts = [gate["message"] for gate in (found.get("report") or {}).get("gates", []) if not gate["passed"]]
    said = result["error"] or "; ".join(doubts)
    return html.escape(str(found.get("layout") or "")), str(seen) if found else "", f"{result['seconds']:.1f}", html.escape(said)


def _thumbnail(result: Mapping[str, Any]) -> str:
    """Return the picture, small; nothing where it is no file (any more)."""
    try:
        page = default_registry().open_page(_path(result))
    except PageError:
        return ""
    scale = min(1.0, THUMBNAIL / max(page.shape))
    small = cv2.resize(page.bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else page.bgr
    _, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 80))
    code = base64.b64encode(jpeg.tobytes()).decode()
    return f'<img alt="{_name(result)}" style="max-width:48%;vertical-align:top" src="data:image/jpeg;base64,{code}">'


def _path(result: Mapping[str, Any]) -> Any:
    from ecgbench.notebook.environment import NotebookEnvironment

    return NotebookEnvironment().find(result["image"])


def _curves(leads: Mapping[str, Samples]) -> str:
    """Return the leads as an SVG picture in the columns of a page, all at one scale, and the longest one, of its own length, below."""
    seen = {name: _stretch(signal) for name, signal in leads.items()}
    span = max([LOWEST_SPAN_MV, *(float(np.nanmax(part) - np.nanmin(part)) for part in seen.values() if part.size)])
    usual = int(np.median([part.size for part in seen.values() if part.size] or [0]))
    cells = [
        _cell(name, seen.get(name, NOTHING)[:usual], span, (column, row), CELL_WIDTH)
        for column, names in enumerate(COLUMNS)
        for row, name in enumerate(names)
    ]
    longest = max(seen, key=lambda name: seen[name].size)
    if seen[longest].size > usual:
        cells.append(_cell(longest, seen[longest], span, (0, len(COLUMNS[0])), len(COLUMNS) * CELL_WIDTH))
    size = f"0 0 {len(COLUMNS) * CELL_WIDTH} {(len(COLUMNS[0]) + 1) * CELL_HEIGHT}"
    style = "width:50%;background:#fff;vertical-align:top"
    return f'<svg viewBox="{size}" style="{style}" xmlns="http://www.w3.org/2000/svg">{"".join(cells)}</svg>'


def _stretch(signal: Samples) -> Samples:
    """Return a lead from its first known sample to its last."""
    places = np.flatnonzero(np.isfinite(signal))
    return signal[places[0] : places[-1] + 1] if places.size else NOTHING


def _cell(name: str, part: Samples, span: float, place: tuple[int, int], width: int) -> str:
    words = f"{html.escape(name)}{'' if part.size else ' not seen'}"
    label = f'<text x="4" y="14" font-size="12" font-family="sans-serif" fill="{RED if not part.size else "#555"}">{words}</text>'
    return f'<g transform="translate({place[0] * CELL_WIDTH},{place[1] * CELL_HEIGHT})">{label}{_curve(part, span, width)}</g>'


def _curve(part: Samples, span: float, width: int) -> str:
    if part.size == 0:
        return ""
    part = part[:: max(1, part.size // (POINTS_PER_PIXEL * width))]
    middle = (np.nanmax(part) + np.nanmin(part)) / 2
    y = CELL_HEIGHT / 2 + (middle - part) / span * (CELL_HEIGHT - 16)
    return f'<path d="{_path_data(np.linspace(4, width - 4, len(part)), y)}" fill="none" stroke="#111" stroke-width="0.9"/>'


def _path_data(x: npt.NDArray[np.float64], y: npt.NDArray[np.floating[Any]]) -> str:
    """Return points as the data of an SVG path that is broken where y is not known."""
    known = np.isfinite(y)
    starts = known & ~np.concatenate([[False], known[:-1]])
    return " ".join(
        f"{'M' if start else 'L'}{a:.1f} {b:.1f}" for a, b, start in zip(x[known], y[known], starts[known], strict=True)
    )
