"""Temporary files of large bodies and uploads are closed with the request.

WebOb leaves that to the garbage collector, and a request that failed hangs in its own traceback until the collector comes by:
many large uploads could use up the process's file descriptors before that. Retries read the same files again, so this stands
around pyramid_retry and not in a tween.
"""

from pyramid.interfaces import IExecutionPolicy

# After all actions that choose the execution policy.
LAST = 9999


def spooled(environ, body):
    """The temporary files that WebOb made for this request; ``body`` is the server's own file, which is the server's to close."""
    files = [environ["wsgi.input"]] if environ["wsgi.input"] is not body else []
    fields, _source = environ.get("webob._parsed_post_vars") or ({}, None)
    return files + [value.file for value in fields.values() if getattr(value, "file", None)]


def closing(policy):
    """``policy``, but with all temporary files closed when it is done, whatever came of it."""

    def close_afterwards(environ, router):
        body = environ["wsgi.input"]
        try:
            return policy(environ, router)
        finally:
            for file in spooled(environ, body):
                file.close()

    return close_afterwards


def includeme(config):
    """Wrap the policy that pyramid_retry sets."""

    def register():
        policy = config.registry.getUtility(IExecutionPolicy)
        config.registry.registerUtility(closing(policy), IExecutionPolicy)

    config.action("portal_core.web.spools", register, order=LAST)
