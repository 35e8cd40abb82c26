"""The command digitize: pictures in, leads in mV out, as CSV or WFDB, and a picture of what was traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecgbench.cli.output import counted, print_json, say

if TYPE_CHECKING:
    from ecgbench.core.results import Signals
    from ecgbench.core.transformer import Transformer
    from ecgbench.core.truth import Case
    from ecgbench.registry import PageOpener


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(digitize)


def digitize(
    pictures: Annotated[list[str], typer.Argument(help="Pictures of ECGs, folders, patterns, or any other image set.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="out.csv or out.hea (WFDB) of one picture; a folder of many.")] = Path(
        "digitized"
    ),
    layout: Annotated[str, typer.Option(help="Where leads stand (3x4+1, 6x2, ...); auto finds out.")] = "auto",
    fs: Annotated[float, typer.Option(help="Samples per second.")] = 500.0,
    leads: Annotated[str, typer.Option(help="Leads to write, comma-separated; empty for all.")] = "",
    form: Annotated[str, typer.Option("--format", help="csv or hea, where --out is a folder.")] = "csv",
    picture: Annotated[bool, typer.Option("--picture", help="Draw the traced leads over the page, beside each file.")] = False,
    method: Annotated[str, typer.Option(help="Method that digitizes.")] = "digitize.classical",
    jobs: Annotated[int | None, typer.Option(min=1, help="Workers; default: one a core.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Turn pictures of ECGs into signals: leads in mV over time. Exit code 1 where a picture failed."""
    from ecgbench.registry import default_registry

    registry = default_registry()
    chosen = registry.method(method if "." in method else f"digitize.{method}")
    wanted = tuple(lead for lead in leads.split(",") if lead.strip())
    work = _Digitizing(chosen, chosen.make_params({"layout": layout, "fs": fs}), registry.page_opener(), wanted, picture)
    tasks = [(case, target) for case, target in _targets(pictures, out, form)]
    replies = []
    for number, reply in enumerate(_done(work, tasks, jobs), start=1):
        replies.append(reply)
        say(f"{number} of {len(tasks)}  {_sentence(reply)}", err=as_json)
    if as_json:
        print_json(replies if len(replies) > 1 else replies[0])
    raise typer.Exit(0 if all(reply["success"] for reply in replies) else 1)


@dataclass(frozen=True)
class _Digitizing:
    """What a worker does with a case and the path of its file."""

    method: Transformer[Any]
    params: Any
    open_page: PageOpener
    leads: tuple[str, ...]
    picture: bool

    def __call__(self, task: tuple[Case, Path]) -> dict[str, Any]:
        """Digitize one picture and write its files; its error is its own."""
        from ecgbench.plugins.digitize.files import only, write_signals

        case, path = task
        try:
            page = self.open_page(case.source)
            found: Signals = self.method.run(page, self.params)
            kept = only(found, self.leads) if self.leads else found
            files = write_signals(kept, path)
            if self.picture:
                files.append(_drawn(found.draw(page), path.with_suffix(".png")))
        except Exception as error:
            return {"image": case.name, "success": False, "error": f"{error}" or type(error).__name__}
        return {"image": case.name, "success": True, "error": None, "files": [str(file) for file in files], **kept.to_dict()}


def _drawn(picture: Any, path: Path) -> Path:
    import cv2

    _, png = cv2.imencode(".png", picture)
    path.write_bytes(png.tobytes())
    return path


def _targets(specs: list[str], out: Path, form: str) -> Iterator[tuple[Case, Path]]:
    """Yield each case with the path of its file: `out` itself where it is a file's name and there is one picture, else below it."""
    from ecgbench.core.page import PageError
    from ecgbench.plugins.digitize.files import FORMATS
    from ecgbench.registry import default_registry

    suffix = f".{form.lstrip('.')}"
    if suffix not in FORMATS:
        raise PageError(f"--format {form} is not known; take csv or hea.")
    sets = [default_registry().open_images(spec) for spec in specs]
    if any(images.count() is None for images in sets):
        raise PageError("An endless image set cannot be digitized; give it a count.")
    cases = [case for images in sets for case in images]
    if out.suffix not in FORMATS:
        taken: dict[str, int] = {}
        for case in cases:
            stem = Path(case.name).with_suffix("").as_posix().replace("/", "-")
            taken[stem] = taken.get(stem, 0) + 1
            yield case, out / f"{stem if taken[stem] == 1 else f'{stem}-{taken[stem]}'}{suffix}"
        return
    if len(cases) != 1:
        raise PageError(f"{out} is one file, but there are {counted(len(cases), 'picture')}; give a folder with --out.")
    yield cases[0], out


def _done(work: _Digitizing, tasks: list[tuple[Case, Path]], jobs: int | None) -> Iterator[dict[str, Any]]:
    """Do the tasks: one here, several in processes."""
    from ecgbench.workers import parallel_map

    if len(tasks) == 1 or jobs == 1:
        yield from map(work, islice(tasks, None))
        return
    yield from parallel_map(work, tasks, workers=jobs)


def _sentence(reply: dict[str, Any]) -> str:
    if not reply["success"]:
        return f"{reply['image']}: {reply['error']}"
    known = [name for name, lead in reply["leads"].items() if lead["known"] > 0]
    paper = f", {reply['mm_per_s']:g} mm/s, {reply['mm_per_mv']:g} mm/mV" if "mm_per_s" in reply else ""
    doubts = [gate["message"] for gate in reply.get("report", {}).get("gates", []) if not gate["passed"]]
    said = f"; doubtful: {'; '.join(doubts)}" if doubts else ""
    return (
        f"{reply['image']}: {reply['layout'] or 'no layout'}{paper}, {counted(len(known), 'lead')} -> {reply['files'][0]}{said}"
    )
