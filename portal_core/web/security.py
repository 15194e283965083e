"""Security headers, the content security policy, and the page for browsers that are too old."""

import re
import secrets

from pyramid.renderers import render_to_response

OLD_BROWSER = re.compile(r"MSIE |Trident/")
OPEN_TO_OLD_BROWSERS = ("/static/", "/download/", "/-/")


def content_security_policy(nonce: str) -> str:
    """The policy of every page (ARCHITECTURE.md rule 12): no inline script or style without this response's nonce."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' blob: data:",
            "worker-src 'self' blob:",
            "media-src 'self' blob:",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "object-src 'none'",
        )
    )


def headers_tween(handler, registry):
    """Adds the headers to every response, error pages included, and answers Internet Explorer with the upgrade page."""
    secure = registry.portal.settings["portal.secure_cookies"]

    def tween(request):
        if OLD_BROWSER.search(request.user_agent or "") and not request.path_info.startswith(OPEN_TO_OLD_BROWSERS):
            response = upgrade_page(request)
        else:
            response = handler(request)
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(request.csp_nonce)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["X-Frame-Options"] = "SAMEORIGIN"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if response.content_type == "text/html":
            # Pages show personal data: a shared computer's back button must not bring them back after logout.
            headers.setdefault("Cache-Control", "no-store")
            headers["Vary"] = "Cookie, HX-Request"
        return response

    return tween


def upgrade_page(request):
    """The page for Internet Explorer, with the installers that this site offers for download."""
    from portal_core.web.downloads import offers

    return render_to_response("portal_core:templates/upgrade.pt", {"offers": offers(request)}, request=request)


def includeme(config):
    """Install the tween outermost, so that no response leaves without the headers."""
    config.add_request_method(lambda _r: secrets.token_urlsafe(16), "csp_nonce", reify=True)
    config.add_tween("portal_core.web.security.headers_tween", over="pyramid.tweens.excview_tween_factory")
