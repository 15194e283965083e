"""The contract between the core and its plugins.

Each hook says when it is called, with what, and what it returns. Arguments may be added, never renamed; a plugin names only
those it wants. ``docs/hooks.md`` is generated from these docstrings and a test compares it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click
    from pyramid.config import Configurator
    from pyramid.request import Request
    from sqlalchemy.orm import DeclarativeBase, Session

    from portal_core import declarations as d
    from portal_core.inbox.flow import Flow
    from portal_core.notifications.channels import Channel
    from portal_core.search.providers import SearchProvider
    from portal_core.statistics.datasets import Dataset

PROJECT = "portal"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Declarations:
    """Called once at start-up, without a request and without a database."""

    @hookspec
    def portal_plugin_info(self) -> d.PluginInfo:
        """Who the plugin is. Every plugin must answer.

        Returns a ``PluginInfo``; its name must be the entry point's name and its ``hook_api`` the core's ``HOOK_API``.
        """
        raise NotImplementedError

    @hookspec
    def portal_settings(self) -> Sequence[d.SettingSpec]:
        """Ini settings of the plugin. Returns ``SettingSpec`` objects whose names start with ``<plugin>.``."""
        raise NotImplementedError

    @hookspec
    def portal_models(self) -> Sequence[type[DeclarativeBase]]:
        """The declarative base of the plugin, made with ``plugin_base``, so that its tables are known. Returns base classes."""
        raise NotImplementedError

    @hookspec
    def portal_migrations(self) -> d.Migrations:
        """The Alembic lineage of the plugin. Returns ``Migrations``; upgrades run the core's, then plugins' in ini order."""
        raise NotImplementedError

    @hookspec
    def portal_permissions(self) -> Sequence[d.Permission]:
        """Permissions that rows may grant. Returns ``Permission`` objects named ``<plugin>:<resource>:<action>``."""
        raise NotImplementedError

    @hookspec
    def portal_role_defaults(self) -> Sequence[d.RoleDefault]:
        """Roles and what they may do at first. Returns ``RoleDefault`` objects.

        They are applied when a permission first appears in the database; what an administrator changed later stays.
        """
        raise NotImplementedError

    @hookspec
    def portal_flows(self) -> Sequence[Flow]:
        """The lives of the plugin's case kinds. Returns ``Flow`` objects; a broken flow stops the start."""
        raise NotImplementedError

    @hookspec
    def portal_notification_types(self) -> Sequence[d.NotificationType]:
        """Kinds of messages. Returns ``NotificationType`` objects whose codes start with ``<plugin>.``."""
        raise NotImplementedError

    @hookspec
    def portal_notification_channels(self) -> Sequence[Channel]:
        """Ways out of the portal for messages. Returns ``Channel`` objects whose codes start with ``<plugin>.``.

        A channel that says it is not configured costs nothing. ``deliver`` is called by workers only, never inside a request.
        """
        raise NotImplementedError

    @hookspec
    def portal_evaluation_forms(self) -> Sequence[d.EvaluationForm]:
        """Questionnaires as versioned data. Returns ``EvaluationForm`` objects whose codes start with ``<plugin>.``."""
        raise NotImplementedError

    @hookspec
    def portal_search_providers(self) -> Sequence[SearchProvider]:
        """Things that the search finds. Returns ``SearchProvider`` objects whose codes start with ``<plugin>.``.

        What a provider's model writes through the ORM is indexed in the same transaction; what was there before, by a job.
        """
        raise NotImplementedError

    @hookspec
    def portal_dictionaries(self) -> Sequence[d.Dictionary]:
        """Lists of words that administrators may change (字典). Returns ``Dictionary`` objects.

        Their codes start with ``<plugin>.``. The declared entries are what a new portal starts with; ``DictionaryService`` knows
        those in force.
        """
        raise NotImplementedError

    @hookspec
    def portal_jobs(self) -> Sequence[d.Job | d.QueuedJob]:
        """Work to be done by the worker, at intervals or when it is asked for.

        Returns ``Job`` objects (every so often, once per slot of time however many workers run) and ``QueuedJob`` objects (for
        ``JobService.enqueue``, their effects on the database happen once); their names start with ``<plugin>.``.
        """
        raise NotImplementedError

    @hookspec
    def portal_file_owners(self) -> Sequence[d.FileOwner]:
        """Which of the plugin's rows refer to stored files, so that files nobody refers to can be removed.

        Returns ``FileOwner`` objects; their ``owner`` is the plugin's name or starts with it.
        """
        raise NotImplementedError

    @hookspec
    def portal_stat_datasets(self) -> Sequence[Dataset]:
        """Facts for the leaders' page (领导统计). Returns ``Dataset`` objects whose codes start with ``<plugin>.``.

        Dimensions, measures, columns and charts are checked at the start; see ``portal_core.statistics.datasets``.
        """
        raise NotImplementedError

    @hookspec
    def portal_health_checks(self) -> Sequence[d.HealthCheck]:
        """Checks shown by ``/-/health`` and ``portal doctor``. Returns ``HealthCheck`` objects."""
        raise NotImplementedError

    @hookspec
    def portal_audit_words(self) -> d.AuditWords:
        """Titles for the codes that the plugin writes to the audit log. Returns ``AuditWords``; without it people read codes."""
        raise NotImplementedError

    @hookspec
    def portal_assets(self) -> d.Assets:
        """Static files of the plugin. Returns ``Assets``; the core serves them below ``/static/<owner>/`` by hashed names."""
        raise NotImplementedError


class Configuration:
    """Called once while the application or the command line is put together."""

    @hookspec
    def portal_includeme(self, config: Configurator) -> None:
        """Add routes and views. ``config`` is Pyramid's configurator; route names start with ``<plugin>.``. Returns nothing."""

    @hookspec
    def portal_cli(self, group: click.Group) -> None:
        """Add commands below ``portal``. ``group`` is the click group of the whole program. Returns nothing."""

    @hookspec
    def portal_demo_data(self, session: Session, context: d.DemoContext) -> None:
        """Write invented data, idempotently. ``session`` is a writing session in a transaction. Returns nothing."""


class RunTime:
    """Called for requests. A plugin that fails here costs its own entry, tile or card; the error is logged, never shown."""

    @hookspec
    def portal_menu(self, request: Request) -> Sequence[d.MenuEntry]:
        """Menu entries for the person who asks. Called once per request; must not query. Returns ``MenuEntry`` objects."""
        raise NotImplementedError

    @hookspec
    def portal_service_tiles(self, request: Request) -> Sequence[d.ServiceTile]:
        """Tiles of the card 服务 on the home page. At most one statement. Returns ``ServiceTile`` objects."""
        raise NotImplementedError

    @hookspec
    def portal_dashboard_cards(self, request: Request) -> Sequence[d.DashboardCard]:
        """Cards of the home page's right column. At most one statement each. Returns ``DashboardCard`` objects."""
        raise NotImplementedError

    @hookspec
    def portal_greeting(self, request: Request, day: dt.date) -> str:
        """A short phrase for the greeting on the home page ("2 场会议"), for ``day`` in the users' zone. Returns text or ''."""
        raise NotImplementedError


SPECIFICATIONS = (Declarations, Configuration, RunTime)
