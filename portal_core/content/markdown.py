"""Texts that administrators write: Markdown, in which HTML is text and links lead only to the web or into the portal."""

from markdown_it import MarkdownIt

# The preset knows no HTML and no pictures from elsewhere; typographic replacements are off, as Chinese needs none.
_PARSER = MarkdownIt("zero", {"html": False, "linkify": False}).enable(
    [
        "heading",
        "lheading",
        "list",
        "blockquote",
        "hr",
        "emphasis",
        "link",
        "newline",
        "escape",
        "backticks",
        "code",
        "fence",
        "table",
    ]
)


def render(text: str) -> str:
    """``text`` as HTML that is safe to put into a page. Headings begin at the third level, below those of the page."""
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        # Alignment of table columns would be written as style attributes, which the page's policy forbids.
        token.attrs.pop("style", None)
    return _PARSER.renderer.render(tokens, _PARSER.options, {})


def plain(text: str, limit: int) -> str:
    """The words of ``text`` without their marks, for lists; cut at ``limit`` characters."""
    words = []
    for token in _PARSER.parse(text):
        words += [child.content for child in token.children or () if child.type in ("text", "code_inline")]
        if token.type in ("fence", "code_block"):
            words.append(token.content)
    line = " ".join(" ".join(words).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
