"""How texts are cut into words for the search: Chinese by pairs of characters and by pinyin, everything else by words.

Chinese is written without spaces, so every character and every pair of neighbours is a word of its own. From each place of a
Chinese run the pinyin that follows is kept as one word, and its initials as another: whoever types the beginning of either, from
any character on, finds it (``hys`` and ``huiyi`` find 会议室).
"""

import re
import unicodedata

from pypinyin import Style, lazy_pinyin

# Nobody types more pinyin than this before looking; it also keeps the words of a long title short.
SYLLABLES = 6
QUERY_MAX = 60
WORDS_MAX = 12
_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


def index_words(*texts: str) -> list[str]:
    """The words under which ``texts`` can be found, each once."""
    found: dict[str, None] = {}
    for run in _RUN.findall(normal(" ".join(texts))):
        found.update(dict.fromkeys(_chinese(run) if _is_chinese(run) else _plain(run)))
    return list(found)


def query_words(text: str) -> list[tuple[str, bool]]:
    """What is searched for: words that must all be there, each with whether its beginning is enough."""
    words: dict[str, bool] = {}
    for run in _RUN.findall(normal(text)[:QUERY_MAX]):
        if not _is_chinese(run):
            words[run] = True
        elif len(run) == 1:
            words[run] = False
        else:
            words.update((run[place : place + 2], False) for place in range(len(run) - 1))
    return list(words.items())[:WORDS_MAX]


def normal(text: str) -> str:
    """``text`` as it is compared: full-width letters and digits become ordinary ones, capitals small."""
    folded = unicodedata.normalize("NFKC", text).lower()
    # Code points that are no letters (yet) would be words that neither database can keep.
    return "".join(character if character.isalnum() else " " for character in folded)


def _is_chinese(run):
    return not run[0].isascii() and ("\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff")


def _plain(run):
    """A word of letters and digits; the digits at the end of a number can be typed alone."""
    yield run
    digits = re.search(r"\d{3,}$", run)
    if digits and digits[0] != run:
        yield digits[0]


def _chinese(run):
    yield from run
    yield from (run[place : place + 2] for place in range(len(run) - 1))
    sounds = [sound for sound in lazy_pinyin(run, style=Style.NORMAL, errors="ignore") if sound.isascii()]
    for place in range(len(sounds)):
        following = sounds[place : place + SYLLABLES]
        yield "".join(following)
        yield "".join(sound[0] for sound in following)
