"""Commands that look at pictures: process, images, images generate."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ecgbench.cli.buckets import CacheDir, CacheSize, use_cache
from ecgbench.cli.output import counted, print_json, say, to_json
from ecgbench.core.showing import printable

if TYPE_CHECKING:
    from ecgbench.core.image_set import ImageSet
    from ecgbench.core.page import Page
    from ecgbench.core.truth import Case
    from ecgbench.pipeline import Options, Processed

SHOWN_CASES = 20  # of an image set, unless --all
WRITTEN_PAGES = 12  # by images generate, unless --count


class _SpecGroup(TyperGroup):
    """Takes `images SPEC` for `images list SPEC`: the first word is a command only where there is one of that name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["list", *args])


images = typer.Typer(
    cls=_SpecGroup,
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True},  # those of `images list` may stand before SPEC
    help="Show what an image set holds, or write one: images SPEC | images generate DIR.",
)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(process)
    app.add_typer(images, name="images")


@images.command("list")
def list_images(
    spec: Annotated[
        str, typer.Argument(help="A folder, a picture, a glob, gs://bucket/prefix, demo, synthetic?count=20&seed=1, ...")
    ],
    show_all: Annotated[bool, typer.Option("--all", help="List every case.")] = False,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Show what an image set holds."""
    use_cache(cache_dir, cache_size)
    from ecgbench.registry import default_registry

    found = default_registry().open_images(spec)
    total = found.count()
    shown = list(islice(found, None if show_all and total is not None else SHOWN_CASES))
    if as_json:
        print_json({"name": found.name, "count": total, "cases": [vars(case.info) for case in shown]})
        return
    say(f"{found.name}: {counted(total, 'case')}")
    for case in shown:
        facts = (case.info.type, case.info.layout, case.info.grid_color, case.info.dpi and f"{case.info.dpi:g} dpi")
        say(f"  {printable(case.name)}  {' '.join(fact for fact in facts if fact)}".rstrip())
    if total is None or total > len(shown):
        say("  ... (--all lists every case)" if total is not None else "  ...")


@images.command()
def generate(
    directory: Annotated[Path, typer.Argument(help="Where pictures and their truth are written.")],
    spec: Annotated[
        str | None, typer.Argument(help="What to write: demo, records:DIR, a folder, synthetic?...; default: synthetic pages.")
    ] = None,
    number: Annotated[int | None, typer.Option("--count", min=1, help="Number of pages; default: 12, or all of SPEC.")] = None,
    types: Annotated[str, typer.Option(help="Kinds of page, comma-separated; empty for all.")] = "",
    seed: Annotated[int | None, typer.Option(min=0, help="Same seed, same pages; default: 0.")] = None,
    dpi: Annotated[float | None, typer.Option(help="Resolution of the pages in pixels per inch.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Workers; default: one a core.")] = None,
    cache_dir: CacheDir = None,
    cache_size: CacheSize = None,
) -> None:
    """Write ECG pages with their truth (name.png, name.json, masks and signals beside): synthetic ones, or those of any SPEC."""
    from functools import partial

    from ecgbench.core.image_set import SpecError
    from ecgbench.plugins.image_sets.truth_files import write_pages
    from ecgbench.registry import default_registry
    from ecgbench.workers import parallel_map

    use_cache(cache_dir, cache_size)
    given = {"types": types or None, "seed": seed, "dpi": dpi and f"{dpi:g}"}
    spec = _synthetic(number, given) if spec is None else _as_it_is(spec, given)
    registry = default_registry()
    chosen = _First(registry.open_images(spec), number)
    if chosen.count() is None:
        raise SpecError(f"{spec} never ends; say with --count how many pages to write.")
    directory.mkdir(parents=True, exist_ok=True)
    run = partial(parallel_map, workers=jobs)
    pages = sum(1 for _ in write_pages(chosen, directory, open_page=registry.page_opener(), run=run))
    written = f"{counted(pages, 'page')} of {spec}: in {directory}"
    say(f"{written}; `ecgbench run {shlex.quote(str(directory))}` runs every method over them.")


def _synthetic(number: int | None, given: Mapping[str, Any]) -> str:
    settings: dict[str, Any] = {"count": number or WRITTEN_PAGES, **given}
    return "synthetic?" + "&".join(f"{name}={value}" for name, value in settings.items() if value is not None)


def _as_it_is(spec: str, given: Mapping[str, Any]) -> str:
    """Return the spec; SpecError where options are given that a spec says itself."""
    from ecgbench.core.image_set import SpecError

    settings = [f"{name}={value}" for name, value in given.items() if value is not None]
    if settings:
        raise SpecError(
            f"{', '.join(settings)}: of a SPEC such things stand in it, as in synthetic?types=0001&seed=1; leave out the options."
        )
    return spec


@dataclass(frozen=True)
class _First:
    """The first `number` cases of an image set; all of them where it is None."""

    whole: ImageSet
    number: int | None

    @property
    def name(self) -> str:
        return self.whole.name

    def __iter__(self) -> Iterator[Case]:
        return islice(self.whole, self.number)

    def count(self) -> int | None:
        known = [each for each in (self.whole.count(), self.number) if each is not None]
        return min(known, default=None)


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
    stems = _unlike([Path(picture).stem for picture in pictures])
    replies = [
        _processed(picture, read, registry.page_opener(), out and out / stem)
        for picture, stem in zip(pictures, stems, strict=True)
    ]
    print_json(replies if len(replies) > 1 else replies[0])
    raise typer.Exit(0 if all(reply["success"] for reply in replies) else 1)


def _unlike(stems: list[str]) -> list[str]:
    """Return the stems with a number behind those that were there before: what is written of one picture shall not replace another's.

    >>> _unlike(["page", "strip", "page"])
    ['page', 'strip', 'page-2']
    """
    unlike: list[str] = []
    for stem in stems:
        numbered = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
        unlike.append(next(name for name in numbered if name not in unlike))
    return unlike


def _processed(picture: str, options: Options, open_page: Callable[[Any], Page], out: Path | None) -> dict[str, Any]:
    """Run the pipeline on one picture; write its reply to `out`.json, and what each step saw beside that."""
    from ecgbench.core.page import PageError
    from ecgbench.pipeline import StepError, run_pipeline

    try:
        found = run_pipeline(open_page(picture), options)
    except (PageError, StepError) as error:
        return {"image": picture, "success": False, "error": str(error)}
    reply = {"image": picture, "success": True, "error": None, **found.to_dict()}
    if out is not None:
        reply["pictures"] = _drawn(found, out)
        Path(f"{out}.json").write_text(to_json(reply), encoding="utf-8", errors="backslashreplace")
    return reply


def _drawn(found: Processed, out: Path) -> list[str]:
    import cv2

    from ecgbench.pipeline import EDGES

    written = []
    seen = found.seen
    for option, result in found.results.items():
        path = Path(f"{out}.{option}.png")
        _, png = cv2.imencode(".png", result.draw(found.page if option == EDGES else seen))
        path.write_bytes(png.tobytes())  # says why it cannot, which cv2.imwrite does not
        written.append(str(path))
    return written
