"""A plugin with a channel of its own, as a plugin for WeChat or SMS will have: the pager answers what a test wants.

A test module that names the fixtures of this one as its own gets a portal with the trial plugin and the pager.
"""

import datetime as dt
import types
from dataclasses import replace

import pytest

from portal_core import portal as portals
from portal_core.clock import FixedClock
from portal_core.declarations import NotificationType, PluginInfo
from portal_core.hookspecs import hookimpl
from portal_core.notifications.channels import Channel, Outcome
from portal_core.testing.fixtures import NOW, raw_settings
from portal_core.testing.webapp import wsgi_application
from tests import trial

CODE = "pager.call"


class Pager:
    """The other side: ``outcomes`` are used one after the other, then everything is sent. ``calls`` are the messages it got."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Forget everything."""
        self.calls, self.outcomes, self.numbers, self.asked = [], [], {}, 0
        self.on, self.daily = True, 0

    def addresses(self, services, user_ids):
        """Everybody has a number, unless the test says who."""
        self.asked += 1
        return {user_id: self.numbers.get(user_id, f"800{user_id}") for user_id in user_ids if self.numbers.get(user_id) != ""}

    def deliver(self, portal, message):
        """The next outcome; an exception is raised."""
        self.calls.append(message)
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.sent(f"p{len(self.calls)}")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def channel(self, code=CODE, title="Pager"):
        """Its declaration."""
        return Channel(
            code=code,
            title=title,
            configured=lambda portal: self.on,
            addresses=self.addresses,
            deliver=self.deliver,
            explain=lambda cause: {"busy": "占线"}.get(cause, ""),
            resend_within=dt.timedelta(minutes=9),
            daily=lambda portal: self.daily,
        )


def plugin(pager, second):
    """The plugin's module, with two channels: the pager and a second one, for falling through."""
    module = types.ModuleType("portal_core")

    @hookimpl
    def portal_plugin_info():
        return PluginInfo("pager", "Pager", "1")

    @hookimpl
    def portal_notification_channels():
        return [pager.channel(), second.channel("pager.letter", "Letter")]

    @hookimpl
    def portal_notification_types():
        return [
            NotificationType("pager.task", "待办：${title}", todo=True),
            NotificationType("pager.alarm", "告警：${title}", urgent=True, must_arrive=True),
            NotificationType("pager.short", "马上开始：${title}", ttl=dt.timedelta(minutes=30)),
            NotificationType("pager.inside", "站内：${title}", channels=()),
        ]

    for hook in (portal_plugin_info, portal_notification_channels, portal_notification_types):
        setattr(module, hook.__name__, hook)
    return module


@pytest.fixture(scope="module")
def _sides():
    return Pager(), Pager()


@pytest.fixture
def pager(_sides):
    """The other side of the first channel."""
    return _sides[0]


@pytest.fixture
def letter(_sides):
    """The other side of the second channel, which is off until a test turns it on."""
    return _sides[1]


@pytest.fixture(autouse=True)
def _as_new(_sides):
    for side in _sides:
        side.reset()
    _sides[1].on = False


@pytest.fixture(scope="module")
def _loaded_portal(tmp_path_factory, _sides):
    plugins = [("trial", trial.plugin()), ("pager", plugin(*_sides))]
    return portals.load({}, _raw(tmp_path_factory), clock=FixedClock(NOW), extra_plugins=plugins)


@pytest.fixture(scope="module")
def _application(_loaded_portal, tmp_path_factory):
    portal = replace(_loaded_portal)
    return wsgi_application(portal, _raw(tmp_path_factory)), portal


def _raw(tmp_path_factory):
    return raw_settings(portal__data_dir=tmp_path_factory.mktemp("data")) | {"portal.plugins": "trial pager"}
