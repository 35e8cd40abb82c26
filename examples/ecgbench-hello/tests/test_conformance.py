"""The package keeps what ecgbench counts on."""

from ecgbench.testing import check_plugin


def test_the_plugin_keeps_its_promises():
    assert [f"{verdict.id}: {verdict.message}" for verdict in check_plugin("ecgbench_hello") if not verdict.ok] == []
