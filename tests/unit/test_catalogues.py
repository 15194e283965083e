"""Translations: complete, for every text of the code, and with the same values."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUES = {path.stem: path for path in ROOT.glob("**/locale/zh_CN/LC_MESSAGES/*.po") if ".venv" not in path.parts}


def texts(name):
    with CATALOGUES[name].open("rb") as file:
        return {message.id: message for message in read_po(file) if message.id}


@pytest.mark.parametrize("name", sorted(CATALOGUES))
def test_every_text_has_a_chinese_one(name):
    messages, core = texts(name), texts("portal_core")
    assert messages
    # What the core translates, a plugin need not.
    assert [text for text, m in messages.items() if m.fuzzy or not (m.string or (text in core and core[text].string))] == []


@pytest.mark.parametrize("name", sorted(CATALOGUES))
def test_the_catalogue_has_every_text_of_the_code(name, tmp_path):
    """`make i18n` collects them; this does the same and compares."""
    package = CATALOGUES[name].parents[3]
    pot = tmp_path / "texts.pot"
    command = [str(Path(sys.executable).with_name("pot-create")), "-o", str(pot), str(package)]
    subprocess.run(command, check=True, capture_output=True)
    with pot.open("rb") as file:
        used = {message.id for message in read_po(file) if message.id}
    assert used - texts(name).keys() == set()


@pytest.mark.parametrize("name", sorted(CATALOGUES))
def test_a_translation_names_the_same_values(name):
    values = re.compile(r"\$\{\w+\}|%\(\w+\)[sd]")
    translated = {text: message.string for text, message in texts(name).items() if message.string}
    wrong = {i: text for i, text in translated.items() if set(values.findall(i)) != set(values.findall(text))}
    assert wrong == {}
