import subprocess
import sys

import pytest

from ecgbench.plugins.image_sets import synthetic
from ecgbench.plugins.image_sets.synthetic.heart import HEART_SETTINGS
from ecgbench.plugins.image_sets.synthetic.openers import DEMO, HEART_NAMES, SHEET_NAMES, SYNTHETIC
from ecgbench.plugins.image_sets.synthetic.settings import KEYS


def test_the_names_that_openers_show_are_those_that_specs_may_set():
    assert (*SHEET_NAMES, *HEART_NAMES) == KEYS
    assert tuple(HEART_SETTINGS) == HEART_NAMES


@pytest.mark.parametrize("spec", ["pages", "demonstration", "synthetics?count=2", "records:synthetic"])
def test_specs_of_other_forms_are_left_to_others(spec):
    assert DEMO.open(spec) is None
    assert SYNTHETIC.open(spec) is None


def test_what_makes_pages_is_loaded_when_a_set_is_opened_and_not_with_the_registry():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from ecgbench.registry import default_registry; found = default_registry()\n"
            "heavy = {f'ecgbench.plugins.image_sets.synthetic.{each}' for each in ('page', 'sets', 'style', 'heart')}\n"
            "assert not heavy & set(sys.modules)\n"
            "found.open_images('synthetic?count=1')\n"
            "assert heavy <= set(sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_package_offers_what_its_modules_make():
    for name in synthetic.__all__:
        assert getattr(synthetic, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Page'"):
        synthetic.Page  # noqa: B018
