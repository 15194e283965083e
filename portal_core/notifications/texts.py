"""Messages in words, for pages and for channels."""

from collections.abc import Callable
from typing import Any

from portal_core.i18n import _
from portal_core.notifications.models import Notification

UNKNOWN = _("Message of a module that is switched off")


def texts(portal: Any, translate: Callable[..., str], message: Notification) -> tuple[str, str]:
    """Title and body of ``message``; ``translate(text, params)`` gives the reader's language.

    When the plugin is absent that knew the words, the parameters still say what it was about.
    """
    kind, params = portal.notification_types.get(message.code), message.params
    if kind is None:
        return translate(UNKNOWN), " ".join(str(params[name]) for name in ("number", "title") if params.get(name))
    # "张三：${opinion}" without an opinion would end in a colon.
    return translate(kind.title, params), translate(kind.body, params).rstrip(" :：")
