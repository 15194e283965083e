"""What a reverse proxy in front says about the outside of the connection."""


def behind_proxies(app):
    """Wrap the portal's WSGI application so that it knows that its visitors use https, when ``portal.trusted_proxies`` is set.

    Without it Pyramid would not check the origin of forms, because it does so on https only, and redirects would lead to http.
    The client's address is taken from ``X-Forwarded-For`` by ``portal_core.accounts.addresses``.
    """
    if not app.registry.portal.settings["portal.trusted_proxies"]:
        return app

    def wrapped(environ, start_response):
        # With several proxies the outermost one's word, written first, counts.
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")[0].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        return app(environ, start_response)

    return wrapped
