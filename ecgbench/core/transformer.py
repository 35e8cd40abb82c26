"""Methods: typed functions from a page to a result, with parameters and documentation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cached_property, update_wrapper
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import pluggy

from ecgbench.core.documentation import Documentation, read_documentation
from ecgbench.core.page import ArrayKind, Page, page_from_array
from ecgbench.core.params import NoParams, make_params, param_specs
from ecgbench.core.pickling import by_name_or_value
from ecgbench.core.results import Result, ResultError
from ecgbench.core.source import source_hash
from ecgbench.core.surroundings import kept_surroundings
from ecgbench.core.versions import package_version

hookimpl = pluggy.HookimplMarker("ecgbench")
R = TypeVar("R", bound=Result)
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
ISOLATION = ("gil-bound", "untrusted")  # reasons for which a server runs a method in a process of its own
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


class TransformerError(TypeError):
    """A function that cannot be a transformer; the message says what it lacks."""


class Transformer(Generic[R]):
    """One method: call it like the function it was made of, or let the runner do so.

    Everything but the function is derived from it: `kind` of array and `params_type` from the annotations of its two
    arguments, `result_type` and `task` from what it returns, `documentation` from its docstring. `isolate` says why a server is to
    run it in a process of its own, None where it need not.
    """

    def __init__(self, name: str, function: Callable[..., R], *, version: str | None = None, isolate: str | None = None) -> None:
        if not _NAME.fullmatch(name):
            raise TransformerError(f"{name!r} is not a method name; use a task and a word, such as edges.canny.")
        if isolate not in (None, *ISOLATION):
            raise TransformerError(f"{name} declares isolate={isolate!r}; known ones: {', '.join(ISOLATION)}, or none.")
        self.name = name
        self.function = function
        self.isolate = isolate
        self._version = version
        hints = _hints(name, function)
        arguments = list(inspect.signature(function).parameters.values())
        if len(arguments) not in (1, 2) or any(each.kind not in _BY_POSITION for each in arguments):
            raise TransformerError(f"{name} must take a page or array and, if it has parameters, their dataclass; nothing else.")
        self.kind = _kind(name, hints.get(arguments[0].name))
        self.params_type: type = hints.get(arguments[1].name, object) if len(arguments) == 2 else NoParams
        self._takes_params = len(arguments) == 2
        self.result_type: type[R] = _result_type(name, hints.get("return"))
        self.params = param_specs(self.params_type)
        self.documentation: Documentation = read_documentation(function.__doc__, owner=name)
        update_wrapper(self, function)
        self.__signature__ = _signature(self, arguments[0])

    @property
    def task(self) -> str:
        """What the method solves, told by its result type."""
        return self.result_type.task

    @cached_property
    def version(self) -> str:
        """The version of the distribution that brought the method, or the one given to @transformer."""
        return self._version or package_version(self.function.__module__.partition(".")[0])

    @cached_property
    def source_hash(self) -> str:
        """The hash of the method's source and of what it uses of its package: an edited method is another one."""
        return source_hash(self.function)

    def make_params(self, values: Mapping[str, Any]) -> Any:
        """Make the method's params of names and values; ParamError lists the known names or the bounds."""
        return make_params(self.params_type, values)

    def run(self, page: Page, params: Any) -> R:
        """Run the method on a page with made params; raise ResultError where it returns another type than declared."""
        array = page.as_kind(self.kind)
        with kept_surroundings():
            result = self.function(array, params) if self._takes_params else self.function(array)
        if not isinstance(result, self.result_type):
            raise ResultError(f"{self.name} declares {self.result_type.__name__} but returned {type(result).__name__}.")
        return result

    def __call__(self, image: Any, **params: Any) -> R:
        """Run the method on a Page or an array, parameters by name: `canny(image, sigma=0.5)`."""
        page = image if isinstance(image, Page) else page_from_array(image)
        return self.run(page, self.make_params(params))

    def __repr__(self) -> str:
        return f"<transformer {self.name}: {self.kind} -> {self.result_type.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name_or_value(self, self.function, _rebuild, lambda: (self.name, self.function, self.version, self.isolate))

    @hookimpl
    def ecgbench_transformer(self) -> Transformer[R]:
        """Offer the method to the registry."""
        return self


def transformer(
    name: str, *, version: str | None = None, isolate: str | None = None
) -> Callable[[Callable[..., R]], Transformer[R]]:
    """Make a method of a function `(array, params) -> result`.

    The first argument's annotation (Gray, Bgr, Lab, Hsv or Page) says which form of the page it wants, the second is a frozen
    dataclass of param() fields (leave it out if there are none), the return annotation is a Result and tells the task.
    The docstring holds the five sections. `isolate="gil-bound"` declares a method that computes in Python and so keeps the threads
    beside it waiting, `isolate="untrusted"` one that may crash or hang: servers run either in a process of its own. Raises
    TransformerError, ParamError or DocumentationError where one is not right.
    """

    def decorate(function: Callable[..., R]) -> Transformer[R]:
        return Transformer(name, function, version=version, isolate=isolate)

    return decorate


def _hints(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TransformerError(f"An annotation of {name} cannot be read: {error}; define it at the top of the module.") from None


def _kind(name: str, annotation: Any) -> str:
    if annotation is Page:
        return "page"
    for extra in get_args(annotation)[1:]:
        if isinstance(extra, ArrayKind):
            return extra.name
    raise TransformerError(f"The first argument of {name} must be annotated with Gray, Bgr, Lab, Hsv or Page.")


def _result_type(name: str, annotation: Any) -> Any:
    if not isinstance(annotation, type) or not issubclass(annotation, Result) or annotation is Result:
        raise TransformerError(f"{name} must declare what it returns: a Result such as EdgeMap, Separation or GridFit.")
    if not getattr(annotation, "task", ""):
        raise TransformerError(
            f"{annotation.__name__}, which {name} returns, must name the task it answers: task = 'edges', say."
        )
    return annotation


def _signature(method: Transformer[Any], image: inspect.Parameter) -> inspect.Signature:
    """Return the signature that callers see: an image, then each parameter by name."""
    named = [
        inspect.Parameter(spec.name, inspect.Parameter.KEYWORD_ONLY, default=spec.default, annotation=spec.type)
        for spec in method.params
    ]
    return inspect.Signature([image.replace(name="image", annotation=Any), *named], return_annotation=method.result_type)


def _rebuild(name: str, function: Callable[..., Any], version: str, isolate: str | None) -> Transformer[Any]:
    return Transformer(name, function, version=version, isolate=isolate)
