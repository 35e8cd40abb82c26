"""Every check, by the kind of what it is about."""

from __future__ import annotations

from ecgbench.testing.check import Check, Kind
from ecgbench.testing.image_set_checks import IMAGE_SET_CHECKS
from ecgbench.testing.method_checks import METHOD_CHECKS
from ecgbench.testing.metric_checks import METRIC_CHECKS

CHECKS: dict[Kind, tuple[Check, ...]] = {"method": METHOD_CHECKS, "metric": METRIC_CHECKS, "image set": IMAGE_SET_CHECKS}


def first_check(kind: Kind) -> Check:
    """Return the check that others of the kind rest on.

    >>> first_check("method").name
    'answers_an_ordinary_page'
    """
    return next(check for check in CHECKS[kind] if check.role == "first")


def check_names() -> set[str]:
    """Return the names of all checks, of whatever kind."""
    return {check.name for checks in CHECKS.values() for check in checks}
