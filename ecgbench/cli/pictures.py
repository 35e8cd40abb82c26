"""Commands that look at pictures: process, images, images generate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ecgbench.cli.output import print_json

SHOWN_CASES = 20  # of an image set, unless --all


class _SpecGroup(TyperGroup):
    """Takes `images SPEC` for `images list SPEC`: the first word is a command only where there is one of that name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["list", *args])


images = typer.Typer(
    cls=_SpecGroup, no_args_is_help=True, help="Show what an image set holds, or write one: images SPEC | images generate DIR."
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(process)
    app.add_typer(images, name="images")


@images.command("list")
def list_images(
    spec: Annotated[str, typer.Argument(help="A folder, a picture, a glob, demo, synthetic?count=20&seed=1, ...")],
    show_all: Annotated[bool, typer.Option("--all", help="List every case.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show what an image set holds."""
    from itertools import islice

    from ecgbench.registry import default_registry

    found = default_registry().open_images(spec)
    count = found.count()
    shown = list(islice(found, None if show_all and count is not None else SHOWN_CASES))
    if as_json:
        print_json({"name": found.name, "count": count, "cases": [vars(case.info) for case in shown]})
        return
    typer.echo(f"{found.name}: {'endless' if count is None else count} cases")
    for case in shown:
        facts = (case.info.type, case.info.layout, case.info.grid_color, case.info.dpi and f"{case.info.dpi:g} dpi")
        typer.echo(f"  {case.name}  {' '.join(fact for fact in facts if fact)}".rstrip())
    if count is None or count > len(shown):
        typer.echo("  ... (--all lists every case)" if count is not None else "  ...")


@images.command()
def generate(
    directory: Annotated[Path, typer.Argument(help="Where pictures and their truth are written.")],
    count: Annotated[int, typer.Option(min=1, help="Number of pages.")] = 12,
    types: Annotated[str, typer.Option(help="Kinds of page, comma-separated; empty for all.")] = "",
    seed: Annotated[int, typer.Option(help="Same seed, same pages.")] = 0,
    dpi: Annotated[float | None, typer.Option(help="Resolution of the pages in pixels per inch.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Workers; default: one a core.")] = None,
) -> None:
    """Write synthetic ECG pages with their truth (name.png, name.json, masks and signals beside)."""
    from functools import partial

    from ecgbench.plugins.image_sets.truth_files import write_pages
    from ecgbench.registry import default_registry
    from ecgbench.workers import parallel_map

    given = {"count": count, "types": types, "seed": seed, "dpi": dpi and f"{dpi:g}"}
    spec = "synthetic?" + "&".join(f"{name}={value}" for name, value in given.items() if value not in (None, ""))
    pages = sum(1 for _ in write_pages(default_registry().open_images(spec), directory, run=partial(parallel_map, workers=jobs)))
    typer.echo(f"{pages} pages of {spec} are in {directory}; `ecgbench run {directory}` runs every method over them.")


def process(
    pictures: Annotated[list[str], typer.Argument(help="Pictures of ECGs.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for annotated PNGs and JSON; default: JSON to stdout only.")
    ] = None,
    edges: Annotated[str, typer.Option(help="Method of edge detection, or off.")] = "canny",
    color: Annotated[str, typer.Option(help="Method of color separation, or off.")] = "lab",
    grid: Annotated[bool, typer.Option(help="Detect the grid.")] = True,
    quality: Annotated[bool, typer.Option(help="Check quality.")] = True,
    crop: Annotated[bool, typer.Option("--crop", help="Crop to the content first.")] = False,
) -> None:
    """Run the pipeline on pictures: JSON on stdout, annotated PNGs beside it with --out. Exit code 1 where a picture failed."""
    from ecgbench.pipeline import read_options
    from ecgbench.registry import default_registry

    options: dict[str, Any] = {"grid_detection": grid, "quality_check": quality, "crop_to_content": crop}
    options |= {"edge_detection": edges != "off", "color_separation": color != "off"}
    options |= {name: value for name, value in (("method", edges), ("color_method", color)) if value != "off"}
    registry = default_registry()
    read = read_options(options, registry)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    replies = [_processed(picture, read, registry.page_opener(), out) for picture in pictures]
    print_json(replies if len(replies) > 1 else replies[0])
    raise typer.Exit(0 if all(reply["success"] for reply in replies) else 1)


def _processed(picture: str, options: Any, open_page: Any, out: Path | None) -> dict[str, Any]:
    """Run the pipeline on one picture and draw what each step saw."""
    from ecgbench.core.page import PageError
    from ecgbench.pipeline import run_pipeline

    try:
        found = run_pipeline(open_page(picture), options)
    except PageError as error:
        return {"image": picture, "success": False, "error": str(error)}
    reply = {"image": picture, "success": True, "error": None, **found.to_dict()}
    if out is not None:
        reply["pictures"] = _drawn(found, Path(picture).stem, out)
    return reply


def _drawn(found: Any, stem: str, out: Path) -> list[str]:
    import cv2

    written = []
    for option, result in found.results.items():
        path = out / f"{stem}.{option}.png"
        page = found.page if option == "edge_detection" else found.seen
        if not cv2.imwrite(str(path), result.draw(page)):
            raise OSError(f"{path} cannot be written.")
        written.append(str(path))
    return written
