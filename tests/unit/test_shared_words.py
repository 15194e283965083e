"""The words of the frame and of the form kit are the core's on every page, also inside a plugin's.

Templates look a text up in the calling package's catalogue first. A plugin that translates one of these texts in another way for
a purpose of its own would change the portal's menu on its pages.
"""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import portal_core
from portal_core.plugins import installed

CORE = Path(portal_core.__file__).parent
SHARED = ("layout.pt", "fragment.pt", "forms.pt")
WORD = re.compile(r"_\('([^']+)'")


def catalogue(package):
    with (package / f"locale/zh_CN/LC_MESSAGES/{package.name}.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def shared_words():
    return {word for name in SHARED for word in WORD.findall((CORE / "templates" / name).read_text(encoding="utf-8"))}


@pytest.mark.parametrize("plugin", sorted(installed()))
def test_a_plugin_does_not_translate_the_frames_words_differently(plugin):
    package = Path(find_spec(installed()[plugin].module.split(".")[0]).origin).parent
    core, own = catalogue(CORE), catalogue(package)
    # An empty text is none: then the core's is used.
    assert {word: own[word] for word in shared_words() & own.keys() if own[word] not in ("", core.get(word))} == {}
