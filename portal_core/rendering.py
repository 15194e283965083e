"""The Chameleon renderer: about what pyramid_chameleon did, on Pyramid's own asset resolver.

A view returns a frozen dataclass: its fields are the template's names and so the contract with themes. The globals that every
template has are listed in ``_globals``. Macros are reached by variables, never by ``load:``, so that a theme's copy is found.
"""

import dataclasses
from pathlib import Path

from chameleon import PageTemplateFile
from pyramid.path import AssetResolver
from pyramid.renderers import get_renderer

from portal_core import i18n

LAYOUT = "portal_core:templates/layout.pt"
FRAGMENT = "portal_core:templates/fragment.pt"
FORMS = "portal_core:templates/forms.pt"


class TemplateRenderer:
    """Renders one template; ``domain`` is the translation domain of the package it belongs to."""

    def __init__(self, path, domain, reload):
        # A fault's message names values by their type alone: it goes to the log, and pages hold tokens and personal data.
        self.template = PageTemplateFile(str(path), auto_reload=reload, restricted_namespace=False, value_repr=type_name)
        self.domain = domain

    def implementation(self):
        """The Chameleon template, for its macros."""
        return self.template

    def __call__(self, value, system):
        names = _globals(system["request"], self.domain)
        names.update(_context(value))
        return self.template.render(**names)


def type_name(value):
    """How a value is shown in the message of a template's fault."""
    return f"<{type(value).__name__}>"


class RendererFactory:
    """Pyramid's factory for ``.pt``: looks the file up through asset overrides, so a theme's file wins."""

    def __init__(self, reload):
        self.reload = reload
        self.cache = {}

    def __call__(self, info):
        if ":" not in info.name:
            raise ValueError(f"template {info.name!r}: write package:templates/name.pt")
        path = Path(AssetResolver().resolve(info.name).abspath())
        if path not in self.cache:
            self.cache[path] = TemplateRenderer(path, info.name.split(":")[0], self.reload)
        return self.cache[path]


def translator(request, domain=i18n.CORE_DOMAIN):
    """A function ``_(message, mapping=None)`` for ``request``'s language that looks in ``domain`` first."""
    localizer = request.localizer

    def _(message, mapping=None):
        return i18n.translate(localizer, message, domain, mapping)

    return _


def macros(request, spec):
    """The template ``spec`` as an object with ``macros``."""
    return get_renderer(spec, registry=request.registry).implementation()


def _context(value):
    if value is None:
        return {}
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return dict(value)


def _globals(request, domain):
    fragment = request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers
    return {
        "request": request,
        "_": translator(request, domain),
        "layout": macros(request, FRAGMENT if fragment else LAYOUT),
        "forms": macros(request, FORMS),
        "macros": lambda spec: macros(request, spec),
        "fragment": fragment,
        "ic": request.asset("core/icons.svg"),
        "asset": request.asset,
        "island": request.island,
        "chrome": request.chrome,
        "fmt": request.fmt,
        "csrf_token": request.csrf_token,
        "form_page": False,
    }


def includeme(config):
    """Register the renderer and the request attributes that templates use."""
    from pyramid.csrf import get_csrf_token

    settings = config.registry.settings
    config.add_renderer(".pt", RendererFactory(settings.get("pyramid.reload_templates") in (True, "true")))
    config.add_request_method(lambda r: i18n.Formats(r.registry.portal.clock, translator(r)), "fmt", reify=True)
    config.add_request_method(get_csrf_token, "csrf_token", reify=True)
    config.add_request_method(translator, "translator")
