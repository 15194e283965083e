"""One module for each part of the core, all of the same shape; what a module does not need it leaves out.

``PAGES``: ``METHOD route`` -> (address, who may open it), for the scan. ``FORMS``: name -> ``Form``, for the hostile tests.
``BROWSER``: ``Page`` objects, for axe and screenshots. ``WRITTEN``: models whose rows a refused request must not touch.
``furnish(scene)`` puts what the addresses need into ``scene.more`` (``{more[key]}`` in an address); ``places(services, found)``
does the same for the browser's pages, over the demo's data.
"""

import importlib
import pkgutil

MODULES = tuple(importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))


def merged(name):
    """The tables ``name`` of all parts as one dict."""
    table = {}
    for module in MODULES:
        table |= getattr(module, name, {})
    return table


def joined(name):
    """The tuples ``name`` of all parts as one tuple."""
    return tuple(item for module in MODULES for item in getattr(module, name, ()))


def each(name, *arguments):
    """Call the function ``name`` of every part that has one."""
    for module in MODULES:
        getattr(module, name, lambda *_: None)(*arguments)
