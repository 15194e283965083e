"""The WSGI application for production servers: ``granian --interface wsgi portal_core.wsgi:application``.

The configuration is the ini file that the environment variable ``PORTAL_CONFIG`` names.
"""

import os

from portal_core import main
from portal_core.cli.program import CONFIG_VARIABLE, read_config
from portal_core.web.proxies import behind_proxies


def make():
    """The application, knowing that it stands behind proxies. Raises StartError."""
    global_config, settings = read_config(os.environ.get(CONFIG_VARIABLE))
    return behind_proxies(main(global_config, **settings))


application = make()
