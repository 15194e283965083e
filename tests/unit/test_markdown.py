"""What administrators write can carry structure, and nothing that runs."""

import pytest

from portal_core.content.markdown import plain, render


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "![x](https://elsewhere.example/x.png)",
        "| a |\n|:-:|\n| b |",
        '[x](https://a.example "\\" onclick=alert(1) \\"")',
    ],
)
def test_nothing_in_a_text_runs_loads_or_styles(text):
    html = render(text).lower()
    for forbidden in ("<script", "<img", 'javascript:"', 'href="javascript', 'href="data', 'href="vbscript', "style="):
        assert forbidden not in html
    assert " onclick=" not in html.replace("&quot; onclick=", "")


def test_headings_stay_below_those_of_the_page():
    assert render("# 一") == "<h3>一</h3>\n" and "<h4>" in render("## 二") and "<h6>" in render("###### 六")


def test_lists_emphasis_links_and_tables():
    html = render("- 一\n- **二**\n\n[网](https://example.org)\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for part in ("<li>一</li>", "<strong>二</strong>", '<a href="https://example.org">网</a>', "<td>2</td>"):
        assert part in html


def test_plain_words_for_lists():
    assert plain("# 标题\n\n自 **今天** 起，见 [这里](https://a.example)。", 100) == "标题 自 今天 起，见 这里 。"
    assert plain("字" * 50, 10) == "字" * 9 + "…"
