"""Commands that look at the registry: methods, show, plugins, docs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecgbench.cli.output import console, print_json, say
from ecgbench.core.showing import printable
from ecgbench.default_store import DEFAULT_STORE, STORE_VARIABLE

if TYPE_CHECKING:
    from ecgbench.core.transformer import Transformer
    from ecgbench.method_pages import Measured
    from ecgbench.registry import Registry

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
DOCS = Path("docs/functions")
PICTURES = "pictures"  # of what methods saw, beside their pages
WIDE = 100  # columns from which a table has room for more than names, parameters and purpose


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(methods)
    app.command()(show)
    app.command("plugins")(list_plugins)
    app.command()(docs)


def methods(
    task: Annotated[str | None, typer.Option(help="Only methods of this task: edges, color, grid, quality, ...")] = None,
    as_json: Json = False,
) -> None:
    """List the registered methods."""
    from ecgbench.registry import RegistryError, default_registry

    registry = default_registry()
    chosen = [each for _, each in sorted(registry.transformers.items()) if task in (None, each.task)]
    if not chosen:
        tasks = sorted({each.task for each in registry.transformers.values()})
        raise RegistryError(f"There is no method of the task {task!r}; tasks: {', '.join(tasks)}.")
    if as_json:
        print_json([_described(each, registry) for each in chosen])
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    titles = ("method", "task", "takes", "parameters", "from", "purpose")
    shown = [title for title in titles if title not in ("task", "takes", "from") or console().width >= WIDE]
    for title in shown:
        table.add_column(title, no_wrap=title in ("method", "parameters"))
    for each in chosen:
        params = "\n".join(f"{spec.name}={spec.default}" for spec in each.params) or "-"
        cells = (each.name, each.task, each.kind, params, registry.origin_of(each.name), each.documentation.purpose)
        table.add_row(*(Text(cell) for title, cell in zip(titles, cells, strict=True) if title in shown))
    console().print(table)


def _described(method: Transformer[Any], registry: Registry) -> dict[str, Any]:
    params = [
        {"name": spec.name, "type": spec.type.__name__, "default": spec.default, "bounds": spec.bounds, "doc": spec.doc}
        for spec in method.params
    ]
    return {
        "name": method.name,
        "task": method.task,
        "takes": method.kind,
        "returns": method.result_type.__name__,
        "version": method.version,
        "origin": registry.origin_of(method.name),
        "purpose": method.documentation.purpose,
        "params": params,
    }


def show(
    method: Annotated[str, typer.Argument(help="A method, such as edges.canny.")],
    store: Annotated[
        str, typer.Option(envvar=STORE_VARIABLE, help="Where its measured cost is read from, if there.")
    ] = DEFAULT_STORE,
    as_json: Json = False,
) -> None:
    """Show a method's documentation page, with what it costs by the runs in the store."""
    from ecgbench.method_pages import method_page, related
    from ecgbench.registry import default_registry

    registry = default_registry()
    chosen = registry.method(method)
    measured = _measured_in(store, method)
    if as_json:
        print_json({**_described(chosen, registry), "documentation": vars(chosen.documentation), "measured": measured})
        return
    text = method_page(chosen, related=related(chosen, registry.transformers), measured=measured)
    if not console().is_terminal:
        say(text)
        return
    from rich.markdown import Markdown

    console().print(Markdown(text))


def list_plugins(as_json: Json = False) -> None:
    """List the distributions that brought something, and what failed to load and why."""
    from ecgbench.registry import default_registry

    registry = default_registry()
    offered: dict[str, list[str]] = {}
    for name in [*registry.transformers, *registry.metrics, *registry.openers]:
        offered.setdefault(registry.origin_of(name), []).append(name)
    problems = [{"origin": each.origin, "plugin": each.plugin, "message": each.message} for each in registry.problems]
    if as_json:
        print_json({"plugins": offered, "failed": problems})
        return
    from rich.padding import Padding
    from rich.text import Text  # names of others are not to be read as markup

    for origin, names in offered.items():
        console().print(Text(origin, style="bold"))
        console().print(Padding(Text(", ".join(names)), (0, 0, 0, 2)))
    for problem in registry.problems:
        console().print(Text.assemble(("left out: ", "bold red"), printable(f"{problem.plugin} of {problem.origin}")))
        console().print(Padding(Text(printable(problem.message)), (0, 0, 0, 2)))


def docs(
    directory: Annotated[Path, typer.Argument(help="Where the pages are written.")] = DOCS,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail (exit 1) where a page is stale.")] = False,
    measure: Annotated[str | None, typer.Option(help="Take the Performance figures from this run first.")] = None,
    store: Annotated[str, typer.Option(envvar=STORE_VARIABLE)] = DEFAULT_STORE,
) -> None:
    """Write the documentation page of every built-in method."""
    from ecgbench.method_pages import stale_pages, write_method_pages
    from ecgbench.registry import BUILT_IN, default_registry

    registry = default_registry()
    own = {name: each for name, each in registry.transformers.items() if registry.origin_of(name) == BUILT_IN}
    if measure is not None:
        directory.mkdir(parents=True, exist_ok=True)
        figures = {name: found for name in own if (found := _measured_in(store, name, run=measure))}
        _illustrate(figures, store, measure, directory / PICTURES)
        (directory / "measured.json").write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if check:
        stale = stale_pages(directory, own)
        for page in stale:
            say(f"stale: {page}; run `ecgbench docs` and commit what it writes")
        raise typer.Exit(1 if stale else 0)
    for path in write_method_pages(directory, own):
        say(str(path))


def _illustrate(figures: Mapping[str, Measured], store: str, run: str, directory: Path) -> None:
    """Draw what each method saw on its best and its worst page of a run, in place of all pictures that were there."""
    from ecgbench.registry import default_registry
    from ecgbench.report import illustrate
    from ecgbench.store import Store

    directory.mkdir(exist_ok=True)
    for old in directory.glob("*.webp"):
        old.unlink()
    with Store(store, create=False) as opened:
        for name, found in figures.items():
            found["pictures"] = illustrate(opened, opened.find_run(run), name, default_registry(), directory)


def _measured_in(store: str, method: str, *, run: str | None = None) -> Measured | None:
    """Return what a run in the store (the newest that has the method) says of it; None where there is no store yet."""
    from ecgbench.registry import default_registry
    from ecgbench.report import measured_in_run, measured_lately
    from ecgbench.store import Store

    if run is None and not Path(store).exists():
        return None
    with Store(store, create=False) as opened:
        registry = default_registry()
        if run is None:
            return measured_lately(opened, method, registry)
        return measured_in_run(opened, opened.find_run(run), method, registry)
