"""``/account/notifications`` 消息设置: what a person wants to get outside the portal, and when."""

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from wtforms import BooleanField, RadioField, SelectField, TimeField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Optional

from portal_core.accounts.policy import AUTHENTICATED
from portal_core.i18n import _
from portal_core.notifications import channels as ch
from portal_core.notifications.preferences import (
    ALL,
    OFF,
    TODO,
    Choice,
    Preferences,
    PreferenceService,
    QuietHours,
    group_of,
)
from portal_core.web.forms import PortalForm, TickBoxes

PAGE = "/account/notifications"
MODES = ((ALL, _("All messages")), (TODO, _("To-dos only")), (OFF, _("No message at all")))
CORE = "core"


class QuietForm(PortalForm):
    """Quiet hours; the fields of the channels are added by ``form_of``."""

    quiet = BooleanField(_("Quiet hours: only urgent messages come"))
    quiet_from = TimeField(_("Quiet from"), [Optional()])
    quiet_to = TimeField(_("Quiet until"), [Optional()])

    def validate(self, extra_validators=None):
        """Both times are needed for quiet hours, and two different ones: else nobody can tell no time from the whole day."""
        valid = super().validate(extra_validators)
        if not self.quiet.data:
            return valid
        for field in (self.quiet_from, self.quiet_to):
            if field.data is None and not field.errors:
                field.errors = [self.meta.translate(_("Please fill in: ${label}", mapping={"label": field.label.text}))]
        if self.quiet_to.data is not None and self.quiet_to.data == self.quiet_from.data:
            self.quiet_to.errors = [self.meta.translate(_("Choose another time than the beginning"))]
        return valid and not self.quiet_from.errors and not self.quiet_to.errors


@dataclass(frozen=True)
class ChannelFields:
    """The fields of one channel."""

    title: Any
    mode: Any
    groups: Any


@dataclass(frozen=True)
class PreferencesPage:
    """Context of ``preferences.pt``. ``first`` is None when there is only one channel."""

    form: PortalForm
    channels: list[ChannelFields]
    first: Any
    form_page: bool = True


def show(request) -> PreferencesPage:
    """The form as the person left it."""
    preferences = request.services.get(PreferenceService).get(request.identity.user_id)
    ready = ch.configured(request.registry.portal)
    return _page(form_of(request, ready, preferences), ready)


def save(request):
    """Keep the choices."""
    portal, person = request.registry.portal, request.identity
    ready = ch.configured(portal)
    form = form_of(request, ready, Preferences(), request.POST)
    if not form.validate():
        request.response.status_int = 422
        return _page(form, ready)
    service = request.services.get(PreferenceService)
    # Choices about channels that are not set up today are not thrown away.
    others = [choice for choice in service.get(person.user_id).choices if choice.channel not in ready]
    service.save(person.user_id, Preferences((*_choices(form, ready, portal), *others), _quiet(form)))
    request.flash("ok", _("Your settings are saved."))
    return HTTPSeeOther(PAGE)


def form_of(request, ready, preferences, post=None):
    """The form for the channels ``ready``, filled with ``preferences`` or with what was posted."""
    portal, translate = request.registry.portal, request.translator()
    groups = [SelectChoice(code, translate(title)) for code, title in groups_of(portal)]
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {"quiet": preferences.quiet is not None}
    if preferences.quiet:
        values |= {"quiet_from": preferences.quiet.start, "quiet_to": preferences.quiet.end}
    choices = preferences.of(ready)
    for choice in choices:
        name = _name(choice.channel)
        modes = [SelectChoice(code, words) for code, words in MODES]
        fields["mode_" + name] = RadioField(_("What comes this way"), [InputRequired()], choices=modes)
        fields["groups_" + name] = TickBoxes(_("Modules"), choices=groups)
        values["mode_" + name] = choice.mode
        values["groups_" + name] = [group.value for group in groups if group.value not in choice.muted]
    if len(ready) > 1:
        titles = [SelectChoice(code, translate(channel.title)) for code, channel in ready.items()]
        fields["first"] = SelectField(_("Try first"), choices=titles)
        values["first"] = choices[0].channel
    return type("PreferencesForm", (QuietForm,), fields)(request, post, data=values)


def groups_of(portal):
    """The modules that send messages, as ``(code, title)``, the portal itself first."""
    titles = {CORE: _("The portal itself")} | {plugin.name: plugin.info.title for plugin in portal.plugins.loaded}
    sending = {group_of(code) for code, kind in portal.notification_types.items() if kind.channels != ()}
    return [(code, title) for code, title in titles.items() if code in sending]


def _choices(form, ready, portal):
    """The choices in the order in which channels are tried."""
    everything = [code for code, _title in groups_of(portal)]
    codes = list(ready)
    if "first" in form:
        codes.sort(key=lambda code: code != form.first.data)
    for code in codes:
        ticked = form["groups_" + _name(code)].data or []
        yield Choice(code, form["mode_" + _name(code)].data, tuple(group for group in everything if group not in ticked))


def _quiet(form):
    return QuietHours(form.quiet_from.data, form.quiet_to.data) if form.quiet.data else None


def _page(form, ready):
    fields = [
        ChannelFields(channel.title, form["mode_" + _name(code)], form["groups_" + _name(code)])
        for code, channel in ready.items()
    ]
    return PreferencesPage(form, fields, form.first if "first" in form else None)


def _name(code):
    """A channel's code as a part of a field's name."""
    return code.replace(".", "_")


def includeme(config):
    """Route and views."""
    config.add_route("account.notifications", PAGE)
    page = {"permission": AUTHENTICATED, "renderer": "portal_core:templates/notifications/preferences.pt"}
    config.add_view(show, route_name="account.notifications", request_method="GET", **page)
    config.add_view(save, route_name="account.notifications", request_method="POST", **page)
