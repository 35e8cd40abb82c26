"""Every check of a plugin in one call, for its own tests and for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ecgbench.testing.check import Verdict
from ecgbench.testing.conducting import TIMEOUT, Conductor
from ecgbench.testing.finding import find_plugin


def check_plugin(
    plugin: Any,
    *,
    expected_failures: Mapping[str, str] | None = None,
    images: Iterable[str] = (),
    timeout: float = TIMEOUT,
    workers: int | None = None,
) -> list[Verdict]:
    """Run every check of everything that a plugin offers and return a verdict of each, in a fixed order.

    `plugin`: the name of a distribution, entry point or module; or a module, Transformer, Metric or ImageSetOpener as it is.
    `expected_failures`: reasons of known failures by check ("keeps_pace") or by subject and check ("edges.hello::keeps_pace"); one that
    passes is told too. `images`: specs that the plugin's image sets are opened with. `timeout`: seconds that a call of the plugin may take.
    Raises PluginError where it cannot be found or loaded.

        from ecgbench.testing import check_plugin

        def test_the_plugin_keeps_its_promises():
            assert [verdict.id for verdict in check_plugin("ecgbench_hello") if not verdict.ok] == []
    """
    found = find_plugin(plugin, images=images, expected=expected_failures)
    trials = found.trials()
    with Conductor(found.expected, timeout, workers) as conductor:
        verdicts = {verdict.id: verdict for verdict in conductor.run(trials)}
    return [verdicts[trial.id] for trial in trials]
