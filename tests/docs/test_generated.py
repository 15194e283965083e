"""The generated pages agree with the code: ``portal -c development.ini docs`` writes them again."""

from pathlib import Path

import pytest

from portal_core.cli.docs import pages
from portal_core.hookspecs import SPECIFICATIONS
from portal_core.settings import CORE_SETTINGS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["hooks.md", "settings.md"])
def test_page_is_up_to_date(_loaded_portal, name):
    assert (DOCS / name).read_text(encoding="utf8") == pages(_loaded_portal)[name], "run: portal -c development.ini docs"


def hooks():
    return [(name, function) for group in SPECIFICATIONS for name, function in vars(group).items() if name.startswith("portal_")]


@pytest.mark.parametrize(("name", "function"), hooks())
def test_every_hook_says_what_it_returns(name, function):
    assert "Returns" in (function.__doc__ or ""), name
    assert function.__annotations__.get("return"), name


def test_operations_names_every_environment_variable():
    text = (DOCS / "operations.md").read_text(encoding="utf8")
    missing = [spec.env for spec in CORE_SETTINGS if spec.env and spec.env not in text]
    assert not missing
