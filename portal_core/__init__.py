"""The portal's core: it knows no service, only what plugins declare."""


def main(global_config, **settings):
    """Paste application factory.

    ``global_config`` is the ini file's DEFAULT section (with ``__file__``); ``settings`` is its ``[app:main]``.
    Returns the WSGI application. Raises ``portal_core.errors.StartError`` with the plugin's name and the ini line to
    change when the configuration cannot work.
    """
    from portal_core.app import make_application

    return make_application(dict(global_config or {}), settings)
