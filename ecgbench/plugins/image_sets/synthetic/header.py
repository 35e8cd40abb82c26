"""What devices print beside the traces: whose ECG it is, what they measured and what they make of it, and how it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.layouts import TRACE_MM
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.lettering import length_mm
from ecgbench.plugins.image_sets.synthetic.patient import Patient, draw_patient, one_of
from ecgbench.plugins.image_sets.synthetic.placement import HEADERS_MM, layout_of, start_mm
from ecgbench.plugins.image_sets.synthetic.reading import Reading
from ecgbench.plugins.image_sets.synthetic.sheet import Text
from ecgbench.plugins.image_sets.synthetic.style import Style

FIRST_LINE_MM, LINES = 5.5, 1.65  # the first baseline from the paper's edge; from line to line, by the height of capitals
LOWER_HZ = ("0.05-", "0.05-", "0.15-", "0.5-", "0.67~")  # of a filter's band, and what stands before its upper limit
UNFILTERED_HZ = 150.0  # what a device says that lets all pass which an ECG holds
MAINS = ("AC50", "AC60", "AC 50Hz", "60~", "50~", "Notch 60")
SYSTEMS = ("Marquette Medical Systems", "Cardiology Information System", "ECG Management System", "Cardiology Department")
CARTS = ("ELI150-208", "ELI230-311", "ELI250-413", "ELI280-102", "ELI350-413")
SITES = ("", "ER ", "ICU ", "CARD ", "OPD ", "2W ")
BEDSIDE_NAMES = ("Vent. rate", "PR interval", "QRS duration", "QT/QTc", "P-R-T axes")
BEDSIDE_ENDS_MM = 45.0, 55.0  # from the names of what bedside carts measured to where values and units end, on three real exports
CART_SCALE, CART_LINES = 0.8, 2.2  # of the device's text, and from line to line by the height of capitals, on a real export
BEDSIDE_SCALE, BEDSIDE_LINES = 0.94, 1.47  # of the device's text, and from line to line there, by the height of capitals: 3.2 mm
FOOTER_MM, PLAIN_FOOTER_MM = 3.2, 4.9  # of its baseline above the paper's lower edge


@dataclass(frozen=True)
class Block:
    """Where lines of text begin: place and height in mm, what their x stands for, and how far `apart` they are by their height."""

    x_mm: float
    height_mm: float
    y_mm: float = FIRST_LINE_MM
    anchor: str = "left"
    apart: float = LINES

    def lines(self, texts: Iterable[str]) -> list[Text]:
        """Set lines below each other; an empty one leaves its place blank."""
        step = self.apart * self.height_mm
        return [
            Text(self.x_mm, self.y_mm + step * row, self.height_mm, text, self.anchor) for row, text in enumerate(texts) if text
        ]


@dataclass(frozen=True)
class Report:
    """What a header tells, and of what size: `left_mm` where rows begin, `width_mm` of the paper."""

    recording: Recording
    style: Style
    rng: np.random.Generator
    patient: Patient

    @property
    def reading(self) -> Reading | None:
        """What was measured, None where nobody knows."""
        return self.recording.reading

    @property
    def said(self) -> list[str]:
        """The statements and the verdict."""
        return [*self.reading.findings, self.reading.verdict] if self.reading else []

    @property
    def text_mm(self) -> float:
        """Height of the device's text."""
        return DEVICES[self.style.device].text_mm

    @property
    def left_mm(self) -> float:
        """Where text begins: below the pulses."""
        return max(2.0, start_mm(self.style) - 9.0)

    @property
    def band(self) -> str:
        """A filter's band."""
        return f"{one_of(LOWER_HZ, self.rng)}{self.limit}Hz"

    @property
    def limit(self) -> str:
        """The upper limit of the filter that the leads went through, in Hz."""
        return f"{self.style.filter_hz or UNFILTERED_HZ:g}"

    def at(
        self, share: float, *, y_mm: float = FIRST_LINE_MM, anchor: str = "left", scale: float = 1.0, apart: float = LINES
    ) -> Block:
        """Return a block at a share of the traces' width."""
        return Block(self.left_mm + share * TRACE_MM, scale * self.text_mm, y_mm, anchor, apart)


Lines = list[Text]


def header_of(recording: Recording, style: Style, rng: np.random.Generator) -> tuple[Text, ...]:
    """Return the texts of a header and a footer; who the patient is was made up and drawn from `rng`."""
    report = Report(recording, style, rng, draw_patient(rng, recording.title))
    full, short, foot = TEMPLATES[style.device]
    below = _below(foot(report), style) if style.footer else ()
    if style.header == "none":
        return () if style.device == "plain" else below
    strip = len(layout_of(style).rows_mm) == 1
    header = _one_line(report) if strip else (full if style.header == "full" else short)(report)
    room = layout_of(style).header_mm + style.cut_mm - 0.5
    kept = [replace(text, y_mm=text.y_mm - style.cut_mm) for text in header if text.y_mm < room]
    return (*kept, *below)


def _below(texts: Lines, style: Style) -> tuple[Text, ...]:
    """Set a line at the paper's foot, or below the rows where ecg-image-kit's stand on it."""
    foot = layout_of(style).size_mm[1] - (FOOTER_MM if DEVICES[style.device].even else PLAIN_FOOTER_MM)
    return tuple(replace(text, y_mm=foot) for text in texts)


def _spread(report: Report, parts: Sequence[str], step_mm: float) -> Lines:
    """Set parts of a line side by side, `step_mm` between their ends and beginnings."""
    height, texts, x = report.text_mm, [], report.left_mm
    for part in parts:
        texts.append(Text(x, 0.0, height, part))
        x += length_mm(part, report.style.font, height) + step_mm
    return texts


def _speed(style: Style, unit: str = "mm/s", blank: str = "") -> str:
    return f"{style.speed:g}{blank}{unit}"


def _gain(style: Style, blank: str = "") -> str:
    return f"{style.gain:g}{blank}mm/mV"


def _one_line(report: Report) -> Lines:
    """Say what fits above a strip."""
    found = report.reading
    rate = f"HR {found.rate}" if found else ""
    parts = [f"ID {report.patient.number}", report.patient.when, rate, one_of(("", "II", f"{report.band}"), report.rng)]
    return [replace(text, y_mm=FIRST_LINE_MM) for text in _spread(report, [part for part in parts if part], 5.0)]


def _axes(found: Reading) -> str:
    p_axis = "*" if found.p_axis is None else found.p_axis
    return f"{p_axis}  {found.qrs_axis}  {found.t_axis}"


def _table(found: Reading, names: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return names, values and units of what was measured."""
    pr = "*" if found.pr_ms is None else str(found.pr_ms)
    values = (str(found.rate), pr, str(found.qrs_ms), f"{found.qt_ms}/{found.qtc_ms}", _axes(found))
    return list(zip(names, values, ("BPM", "ms", "ms", "ms", ""), strict=True))


def _measured(report: Report, share: float, names: Sequence[str], *, y_mm: float = FIRST_LINE_MM) -> Lines:
    """Set what was measured in columns: names to the left, values to the right, then their units."""
    if report.reading is None:
        return []
    left, values, units = zip(*_table(report.reading, names), strict=True)
    wide = 15.5 * report.text_mm / TRACE_MM
    return [
        *report.at(share, y_mm=y_mm).lines(left),
        *report.at(share + wide, y_mm=y_mm, anchor="right").lines(values),
        *report.at(share + 1.06 * wide, y_mm=y_mm).lines(units),
    ]


def _bedside_block(report: Report, share: float, *, anchor: str = "left") -> Block:
    return report.at(share, anchor=anchor, scale=BEDSIDE_SCALE, apart=BEDSIDE_LINES)


def _bedside_table(report: Report, share: float) -> Lines:
    """Set what was measured in columns, of which values and units end below each other; the T axis stands among the units."""
    if report.reading is None:
        return []
    left, values, units = zip(*_table(report.reading, BEDSIDE_NAMES), strict=True)
    values_at, units_at = (share + mm / TRACE_MM for mm in BEDSIDE_ENDS_MM)
    axes, _, t_axis = values[-1].rpartition("  ")
    return [
        *_bedside_block(report, share).lines(left),
        *_bedside_block(report, values_at, anchor="right").lines([*values[:-1], axes.replace("  ", "   ")]),
        *_bedside_block(report, units_at, anchor="right").lines([*units[:-1], t_axis]),
    ]


def _bedside_full(report: Report) -> Lines:
    patient = report.patient
    who = [f"{patient.name}", f"ID:{patient.number}", patient.when, f"{patient.age} yr", patient.sex_word, patient.room]
    lower = FIRST_LINE_MM + 7 * LINES * report.text_mm
    return [
        *report.at(0.0).lines(who), *_bedside_table(report, 0.22),
        *_bedside_block(report, 0.48).lines(report.said),
        *report.at(0.0, y_mm=lower).lines(["Technician:"]), *report.at(0.22, y_mm=lower).lines([f"Test ind:{patient.reason}"]),
        *report.at(0.55, y_mm=lower).lines(["Referred by:"]), *report.at(0.8, y_mm=lower).lines(["Unconfirmed"]),
    ]  # fmt: skip


def _bedside_short(report: Report) -> Lines:
    return [*_bedside_table(report, 0.21), *_bedside_block(report, 0.47).lines(report.said)]


def _bedside_foot(report: Report) -> Lines:
    version = one_of(("005A", "005C", "005E", "007A", "7.1.1", "8.0.1", "9.0.4"), report.rng)
    program = f"12SL {one_of((229, 235, 237, 239, 241, 250), report.rng)}"
    parts = [
        _speed(report.style),
        _gain(report.style),
        f"{report.limit}Hz",
        version,
        program,
        f"CID: {report.rng.integers(1, 99)}",
    ]
    return _spread(report, parts, 5.2)


def _cart_full(report: Report) -> Lines:
    patient, found = report.patient, report.reading
    numbers = [] if found is None else [
        ("Vent. rate(bpm):", f"{found.rate}"), ("PR interval(ms):", "-" if found.pr_ms is None else f"{found.pr_ms}"),
        ("QRS duration(ms):", f"{found.qrs_ms}"), ("QT/QTc (ms):", f"{found.qt_ms} / {found.qtc_ms}"), ("Date/Time:", patient.when),
    ]  # fmt: skip
    who = (("Patient name:", patient.name), ("Patient ID:", patient.number), ("Age(years):", patient.age), ("Sex:", patient.sex_word),
           ("Group:", ""))  # fmt: skip
    said = [" ".join(report.said[:-1]).upper(), "Comments:"]
    right = report.at(0.416, scale=CART_SCALE, apart=CART_LINES)
    return [*_paired(report, 0.077, who, 4.5), *_paired(report, 0.333, numbers, 0.8), *right.lines(said)]


def _paired(report: Report, share: float, pairs: Sequence[tuple[str, str]], beyond_mm: float) -> Lines:
    """Set names that end below each other, each with its value `beyond_mm` to the right."""
    names = report.at(share, anchor="right", scale=CART_SCALE, apart=CART_LINES)
    values = replace(names, anchor="left", x_mm=names.x_mm + beyond_mm)
    return [*names.lines([name for name, _ in pairs]), *values.lines([value for _, value in pairs])]


def _cart_short(report: Report) -> Lines:
    patient = report.patient
    right = report.at(1.02, anchor="right", scale=0.95)
    rate = f"{report.reading.rate} BPM" if report.reading else ""
    return [
        *report.at(0.0).lines([patient.number, patient.when, rate]),
        *(
            replace(text, font="plain-bold")
            for text in replace(right, y_mm=HEADERS_MM["short"] - 2.5).lines(["Unconfirmed Diagnosis"])
        ),
    ]


def _cart_foot(report: Report) -> Lines:
    style, rng = report.style, report.rng
    speed, gain = _speed(style, blank=" "), _gain(style, " ")
    if style.header == "full":  # which comes from where reports are kept
        parts = [(0.036, f"{speed}   {gain}"), (0.276, one_of(SYSTEMS, rng))]
        return [replace(text, font="plain-bold") for share, part in parts for text in report.at(share).lines([part])]
    band = f"{one_of(('60~', '50~'), rng)} 0.05 - {report.limit} Hz"
    parts = [(0.0, f"{one_of(SITES, rng)}{one_of(CARTS, rng)}"), (0.25, f"{speed}ec"), (0.56, gain), (0.87, band)]
    return [text for share, part in parts for text in report.at(share).lines([part])]


def _portable_full(report: Report) -> Lines:
    patient, found = report.patient, report.reading
    who = [f"ID: {patient.number}", f"Name: {patient.name}", f"Sex: {patient.sex_word}", f"Age: {patient.age}", patient.when]
    left, right = [], []
    if found is not None:
        pr, p_axis = ("--" if value is None else str(value) for value in (found.pr_ms, found.p_axis))
        left = ["HR", "PR", "QRS", "QT/QTc", "P/QRS/T", "RV5/SV1"]
        right = [f": {found.rate} bpm", f": {pr} ms", f": {found.qrs_ms} ms", f": {found.qt_ms}/{found.qtc_ms} ms",
                 f": {p_axis}/{found.qrs_axis}/{found.t_axis}", f": {found.r_v5_mv:.2f}/{found.s_v1_mv:.2f} mV"]  # fmt: skip
    said = ["Diagnosis:", *report.said]
    return [
        *report.at(0.02).lines(who), *report.at(0.3).lines(left), *report.at(0.385).lines(right), *report.at(0.62).lines(said),
        *report.at(0.75, y_mm=HEADERS_MM["full"] - 2.0).lines(["Report Confirmed by:"]),
    ]  # fmt: skip


def _portable_short(report: Report) -> Lines:
    patient, found = report.patient, report.reading
    first = f"ID: {patient.number}   {patient.sex_word}   {patient.age} years   {patient.when}"
    second = f"HR: {found.rate} bpm   QRS: {found.qrs_ms} ms   QT/QTc: {found.qt_ms}/{found.qtc_ms} ms" if found else ""
    return report.at(0.02).lines([first, second, ", ".join(report.said)])


def _portable_foot(report: Report) -> Lines:
    style, rng = report.style, report.rng
    rate = [f"HR {report.reading.rate}"] if report.reading else []
    version = f"V{rng.integers(1, 4)}.{rng.integers(0, 60):02d}"
    parts = [report.band, one_of(MAINS, rng), _speed(style), _gain(style), *rate, f"{report.patient.model} {version}"]
    order = rng.permutation(4) if rng.random() < 0.3 else np.arange(4)
    return _spread(report, [*(parts[index] for index in order), *parts[4:]], 3.5)


def _desktop_full(report: Report) -> Lines:
    patient, names = report.patient, ("Heart rate", "PR int", "QRS dur", "QT/QTc", "P-QRS-T")
    first = [f"ID:{patient.number}", patient.name, f"{patient.sex_word} {patient.age}yr", patient.when]
    line = Block(report.left_mm + 10.0, report.text_mm, HEADERS_MM["full"] - 2.0)
    return [*report.at(0.04).lines(first), *_measured(report, 0.3, names), *report.at(0.55).lines(report.said),
            *line.lines([_desktop_line(report)])]  # fmt: skip


def _desktop_short(report: Report) -> Lines:
    first = [f"{report.patient.number}  {report.patient.when}", "", _desktop_line(report)]
    return report.at(0.04).lines(first)


def _desktop_line(report: Report) -> str:
    style, rng = report.style, report.rng
    return f"{_gain(style)}  {_speed(style)}  filter:({one_of(('H50 d', 'H60 d', 'H50', 'H60'), rng)}) {report.limit}Hz"


def _system_full(report: Report) -> Lines:
    patient, found = report.patient, report.reading
    who = [patient.name.upper(), f"ID: {patient.number}", patient.when, f"{patient.age} Years  {patient.sex_word}", patient.room]
    said = [f". {said.upper()}" for said in report.said]
    dots = [said.ljust(44, ".") for said in said[:-1]] + [f"- {said.upper()} -" for said in report.said[-1:]]
    numbers = [("RATE", f"{found.rate}"), ("PR", f"{'--' if found.pr_ms is None else found.pr_ms}"), ("QRSD", f"{found.qrs_ms}"),
               ("QT", f"{found.qt_ms}"), ("QTc", f"{found.qtc_ms}")] if found else []  # fmt: skip
    below = FIRST_LINE_MM + LINES * report.text_mm
    return [
        *report.at(0.0).lines(who), *report.at(0.2, y_mm=below).lines([name for name, _ in numbers]),
        *report.at(0.29, y_mm=below, anchor="right").lines([value for _, value in numbers]), *report.at(0.36).lines(dots),
        *report.at(1.0, y_mm=HEADERS_MM["full"] - 2.0, anchor="right").lines(["Unconfirmed Diagnosis"]),
    ]  # fmt: skip


def _system_short(report: Report) -> Lines:
    found = report.reading
    return [
        *report.at(0.0).lines([f"{report.patient.number}   {report.patient.when}", f"Rate {found.rate}" if found else ""]),
        *report.at(0.5).lines([f"- {report.said[-1].upper()} -"] if report.said else []),
    ]


def _system_foot(report: Report) -> Lines:
    style, band = report.style, f"{one_of(('0.15', '0.05', '0.5'), report.rng)}-{report.limit} Hz"
    mains = one_of(("60~", "50~"), report.rng)
    return _spread(
        report, ["Device:", f"Speed: {_speed(style, 'mm/sec', ' ')}", f"Limb: {_gain(style, ' ')}", f"Chest: {style.gain:.1f} mm/mV",
                 f"F {mains} {band}"], 5.0)  # fmt: skip


def _thermal_short(report: Report) -> Lines:
    found = report.reading
    rate = f"HR={found.rate}" if found else ""
    return report.at(0.0).lines([f"ID {report.patient.number}  {report.patient.when}", f"{rate}  {report.band}"])


def _thermal_foot(report: Report) -> Lines:
    parts = [_gain(report.style), _speed(report.style), report.band, one_of(MAINS, report.rng)]
    return _spread(report, parts[: int(report.rng.integers(2, 5))], 3.0)


def _screen_short(report: Report) -> Lines:
    found = report.reading
    rate = f"HR {found.rate} bpm   QT/QTc {found.qt_ms}/{found.qtc_ms}" if found else ""
    return report.at(0.02).lines([f"{report.patient.number}   {report.patient.when}", rate])


def _plain_full(report: Report) -> Lines:
    found = report.reading
    numbers = (
        [f"{name} {value} {unit}".strip() for name, value, unit in _table(found, ("Rate", "PR", "QRS", "QT/QTc", "P-R-T axes"))]
        if found
        else []
    )
    return [*_plain_short(report), *report.at(0.3).lines(numbers), *report.at(0.55).lines(report.said)]


def _plain_short(report: Report) -> Lines:
    patient = report.patient
    return report.at(0.04).lines(
        [patient.name, f"ID: {patient.number}", f"Date: {patient.when}", f"Sex: {patient.sex_word}, Age: {patient.age}"]
    )


def _plain_foot(report: Report) -> Lines:
    return [*report.at(0.17).lines([_speed(report.style)]), *report.at(0.37).lines([_gain(report.style)])]


Part = Callable[[Report], Lines]
# Of each device: a full header, a short one, and the line below the rows.
TEMPLATES: Mapping[str, tuple[Part, Part, Part]] = {
    "plain": (_plain_full, _plain_short, _plain_foot),
    "bedside": (_bedside_full, _bedside_short, _bedside_foot),
    "cart": (_cart_full, _cart_short, _cart_foot),
    "portable": (_portable_full, _portable_short, _portable_foot),
    "desktop": (_desktop_full, _desktop_short, lambda _report: []),
    "system": (_system_full, _system_short, _system_foot),
    "thermal": (_thermal_short, _thermal_short, _thermal_foot),
    "screen": (_system_full, _screen_short, _thermal_foot),
}
