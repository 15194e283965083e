"""The text and the HTML of an e-mail."""

import html

from portal_core.i18n import _

NUMBER = _("Number: ${number}")
OPEN = _("Open it in the portal: ${url}")
OPEN_LINK = _("Open in the portal")
FOOT = _("Sent by ${site}; please do not reply. You choose what comes by e-mail in the message settings of the portal.")


def text_of(portal, message) -> str:
    """The message as plain text."""
    say = portal.default_text
    lines = [message.title]
    if message.body:
        lines += ["", message.body]
    if number := message.params.get("number"):
        lines += ["", say(NUMBER % {"number": number})]
    if message.url:
        lines += ["", say(OPEN % {"url": message.url})]
    lines += ["", "--", _foot(portal), ""]
    return "\n".join(lines)


def html_of(portal, message) -> str:
    """The message as simple HTML: what mail programs show alike."""
    esc = html.escape
    parts = [f"<p><strong>{esc(message.title)}</strong></p>"]
    if message.body:
        parts.append(f"<p>{esc(message.body)}</p>")
    if number := message.params.get("number"):
        parts.append(f"<p>{esc(portal.default_text(NUMBER % {'number': number}))}</p>")
    if message.url:
        parts.append(f'<p><a href="{esc(message.url)}">{esc(portal.default_text(OPEN_LINK))}</a></p>')
    parts.append(f"<hr><p><small>{esc(_foot(portal))}</small></p>")
    title, body, language = esc(message.title), "".join(parts), portal.settings["portal.locale"].replace("_", "-")
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    return f'<!DOCTYPE html><html lang="{language}">{head}<body>{body}</body></html>\n'


def _foot(portal):
    return portal.default_text(FOOT % {"site": portal.settings["portal.site_title"]})
