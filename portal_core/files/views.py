"""Serving stored files: to people who are logged in and whom the owner admits, in a way that nothing in a file can run."""

from urllib.parse import quote

from pyramid.response import Response

from portal_core.errors import NotFound
from portal_core.files.names import EXTENSIONS
from portal_core.files.services import FileService

# What a browser may show in place; everything else is a download.
INLINE = ("image/jpeg", "image/png", "image/webp")
POLICY = "default-src 'none'; sandbox"


BLOCK = 1 << 18


class Blocks:
    """The bytes of a stored file for WSGI. It is opened only when the first block is asked for: a 304 needs none.

    It knows how to begin in the middle, so that WebOb answers a Range without reading what comes before.
    """

    def __init__(self, served):
        self.served = served

    def __iter__(self):
        return self.app_iter_range(0, self.served.size)

    def app_iter_range(self, start, stop):
        """The bytes from ``start`` up to ``stop``."""
        with self.served.open() as stream:
            stream.seek(start)
            while start < stop and (block := stream.read(min(BLOCK, stop - start))):
                start += len(block)
                yield block


def show(request):
    """The bytes of a file, or with ``?w=`` a smaller copy of a picture. Unknown, foreign and mistyped addresses are 404."""
    files = request.services.get(FileService)
    file = files.get(int(request.matchdict["id"]))
    if (request.matchdict["digest"], request.matchdict["ext"]) != (file.digest[:12], EXTENSIONS.get(file.content_type)):
        raise NotFound()
    admits = request.registry.file_access.get(file.owner)
    if admits is None or not admits(request, file):
        raise NotFound()
    width = request.GET.get("w")
    served = files.thumbnail(file, _width(width)) if width is not None else files.served(file)
    return _response(request, file, served, f"{file.digest}-{width}" if width else file.digest)


def file_url(request, file, width=None):
    """The address of ``file``, or of its copy that is ``width`` pixels wide (240, 480 or 960)."""
    query = {"w": width} if width else None
    return request.route_path("core.file", id=file.id, digest=file.digest[:12], ext=EXTENSIONS[file.content_type], _query=query)


def add_file_access(config, owner, admits):
    """Directive: ``admits(request, file) -> bool`` decides who may see the files of the plugin ``owner``.

    Files of an owner without a rule are seen by nobody.
    """

    def register():
        config.registry.file_access[owner] = admits

    config.action(("file_access", owner), register)


def _width(text):
    try:
        return int(text)
    except ValueError:
        raise NotFound() from None


def _response(request, file, served, tag):
    response = Response(content_type=file.content_type, app_iter=Blocks(served))
    response.content_length, response.last_modified = served.size, file.created
    response.accept_ranges = "bytes"
    if file.content_type not in INLINE:
        response.content_disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
    # The address holds the digest, so what it answers never changes. Not for shared caches: it is for this person.
    response.cache_control = "private, max-age=31536000, immutable"
    response.etag = tag
    response.conditional_response = True
    # The pages' own policy is set by a tween; this stricter one is added after all tweens have run.
    request.add_response_callback(lambda _request, answer: answer.headers.update({"Content-Security-Policy": POLICY}))
    return response


def includeme(config):
    """Route, view, ``request.file_url`` and the directive ``config.add_file_access``."""
    config.registry.file_access = {}
    config.add_directive("add_file_access", add_file_access)
    config.add_request_method(file_url, "file_url")
    pattern = r"/files/{id:[0-9]{1,18}}/{digest:[0-9a-f]{12}}.{ext:[a-z]{1,8}}"
    config.add_route("core.file", pattern, request_method=("GET", "HEAD"))
    config.add_view(show, route_name="core.file", permission="authenticated")
