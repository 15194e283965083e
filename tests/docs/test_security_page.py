"""docs/security.md names what there is: every setting is declared, every test and page exists, no item is left out."""

import re
from pathlib import Path

import pytest

from portal_core.core_declarations import SETTINGS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text("utf8")
ROWS = re.findall(r"^\| (\d+) \|(.*)\|$", TEXT, re.MULTILINE)


def test_all_items_are_there():
    assert [int(number) for number, _rest in ROWS] == list(range(1, 23))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"portal\.[a-z_]+", TEXT))))
def test_a_setting_is_declared(name):
    assert name in {spec.name for spec in SETTINGS}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", TEXT))))
def test_a_test_exists_and_tests(path):
    assert "def test_" in (ROOT / path).read_text("utf8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w/.-]+)\)", TEXT))))
def test_a_page_exists(path):
    assert (ROOT / "docs" / path).is_file()


@pytest.mark.parametrize(("number", "row"), ROWS)
def test_an_item_of_level_2_has_a_test(number, row):
    # What the advisory service knows tomorrow cannot be tested today.
    assert number == "15" or "`tests/" in row


def test_every_test_of_the_list_is_named():
    assert {f"tests/security/{path.name}" for path in (ROOT / "tests/security").glob("test_*.py")} <= set(
        re.findall(r"tests/[\w/]+\.py", TEXT)
    )
