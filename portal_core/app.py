"""The composition root: reads from top to bottom as the boot sequence."""

from pyramid.config import Configurator

from portal_core import portal as portals
from portal_core.i18n import catalogue_folder
from portal_core.logs import configure_logging

FEATURES = (
    # What every request passes through.
    "portal_core.web.transactions",
    "portal_core.web.spools",
    "portal_core.web.security",
    "portal_core.web.limits",
    "portal_core.web.errors",
    "portal_core.web.posted",
    "portal_core.accounts.policy",
    "portal_core.assets",
    "portal_core.theme",
    "portal_core.rendering",
    "portal_core.chrome",
    "portal_core.admin.menu",
    # Pages.
    "portal_core.modules.guard",
    "portal_core.health",
    "portal_core.web.downloads",
    "portal_core.accounts.views",
    "portal_core.home",
    "portal_core.inbox.views",
    "portal_core.inbox.batch_views",
    "portal_core.inbox.sheet",
    "portal_core.notifications.views",
    # Before whatever declares who may see its files.
    "portal_core.files.views",
    "portal_core.evaluations.views",
    "portal_core.content.views",
    "portal_core.statistics.views",
    "portal_core.search.views",
    "portal_core.accounts.directory",
    "portal_core.admin.views",
    # Pages of 系统管理; the order in the menu is each entry's own.
    "portal_core.accounts.admin",
    "portal_core.inbox.admin",
    "portal_core.calendar.admin",
    "portal_core.places.admin",
    "portal_core.content.admin",
    "portal_core.evaluations.admin",
    "portal_core.modules.admin",
    "portal_core.jobs.admin",
    "portal_core.notifications.admin",
    "portal_core.files.admin",
    "portal_core.security.admin",
    "portal_core.audit.admin",
)


def make_application(global_config, raw, **overrides):
    """The WSGI application for ini settings ``raw``; ``overrides`` go to ``portal_core.portal.load`` (tests)."""
    portal = portals.load(global_config, raw, **overrides)
    configure_logging(portal.settings["portal.log_level"])
    config = configure(portal, raw)
    application = config.make_wsgi_app()
    start_worker(application, portal)
    return application


def configure(portal, raw):
    """A Pyramid configurator with all features of the core and the views of all plugins, not yet committed."""
    config = Configurator(settings=pyramid_settings(portal, raw))
    config.registry.portal = portal
    config.add_translation_dirs("portal_core:locale")
    config.set_default_csrf_options(require_csrf=True)
    for feature in FEATURES:
        config.include(feature)
    packages = (plugin.module.__name__ for plugin in portal.plugins.loaded)
    config.add_translation_dirs(*filter(None, map(catalogue_folder, packages)))
    for _name, _result in portal.plugins.declare("portal_includeme", config=config):
        pass
    return config


def pyramid_settings(portal, raw):
    """Settings that Pyramid itself reads: ours never collide with them."""
    settings = {name: value for name, value in raw.items() if name.split(".")[0] in ("pyramid", "retry", "tm")}
    settings["pyramid.default_locale_name"] = portal.settings["portal.locale"]
    return settings


def start_worker(application, portal):
    """Run jobs in a thread of this process when ``portal.worker`` says so (the embedded default)."""
    if portal.settings["portal.worker"] == "embedded":
        from portal_core.jobs.worker import EmbeddedWorker

        application.registry.worker = EmbeddedWorker(portal)
        application.registry.worker.start()
