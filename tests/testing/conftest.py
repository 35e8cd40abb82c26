"""Runs checks for tests, in worker processes as everybody does."""

import pytest

from ecgbench.testing.conducting import Conductor
from ecgbench.testing.finding import chosen, find_plugin


def verdicts_of(plugin, *only, timeout=100.0, **options):
    """Run the chosen checks of a plugin and return the verdicts by id, in a fixed order."""
    found = find_plugin(plugin, **options)
    trials = chosen(found.trials(), only)
    with Conductor(found.expected, timeout) as conductor:
        verdicts = {verdict.id: verdict for verdict in conductor.run(trials)}
    assert set(verdicts) == {trial.id for trial in trials}
    return {trial.id: verdicts[trial.id] for trial in trials}


@pytest.fixture(scope="session")
def check():
    """Runs the chosen checks of a plugin and returns the verdicts by id."""
    return verdicts_of
