"""A plugin with jobs whose effects can be counted, and the process that works them off: ``python trialjobs.py URL``.

What a job does to the database is a row of the table ``trial_effect``, which the tests make; what it does outside is a line on
standard output, by which a test knows that the worker is in the middle of it.
"""

import datetime as dt
import sys
import time

import sqlalchemy as sa

from portal_core import portal as portals
from portal_core.api import Job, PluginInfo, QueuedJob, hookimpl

EFFECT = sa.table("trial_effect", sa.column("name", sa.String), sa.column("work", sa.Integer))
TABLE = "CREATE TABLE trial_effect (name VARCHAR(20) NOT NULL, work INTEGER NOT NULL)"
QUICK = {
    "portal.job_lease_seconds": "1.5",
    "portal.job_retry_seconds": "0.3",
    "portal.job_poll_seconds": "0.1",
    "portal.password_profile": "cheapest",
}
PAUSE = 0.2
TICK = dt.timedelta(seconds=2)


def say(text):
    """Tell the test."""
    print(text, flush=True)


def write(services, args, _prepared):
    """The effect of the work ``args["number"]``."""
    services.session.execute(sa.insert(EFFECT).values(name="write", work=args["number"]))
    return {"number": args["number"]}


def linger(_portal, args, progress):
    """Ten parts of a tenth of ``args["seconds"]``."""
    say(f"begun {args['number']}")
    for part in range(10):
        time.sleep(args["seconds"] / 10)
        progress.report(part + 1, 10)


def hang(_portal, args, _progress):
    """No sign of life for ``args["seconds"]``: the lease must be renewed for it."""
    say(f"begun {args['number']}")
    time.sleep(args["seconds"])


def fail(services, args, _prepared):
    """An effect, and then an error that undoes it."""
    write(services, args, None)
    services.session.flush()
    raise LookupError("no such thing")


def tick(session, _portal, _clock):
    """The effect of a slot of time."""
    session.execute(sa.insert(EFFECT).values(name="tick", work=0))


@hookimpl
def portal_plugin_info():
    return PluginInfo("trial", "Trial", "1")


@hookimpl
def portal_jobs():
    return (
        Job("trial.tick", "Tick", TICK, tick),
        QueuedJob("trial.write", "Write", write),
        QueuedJob("trial.linger", "Linger", write, linger),
        QueuedJob("trial.hang", "Hang", write, hang),
        QueuedJob("trial.fail", "Fail", fail, attempts=2),
    )


def load(url):
    """A portal with these jobs on the database at ``url``."""
    raw = QUICK | {"portal.database_url": url, "portal.plugins": "trial"}
    return portals.load({}, raw, extra_plugins=(("trial", sys.modules[__name__]),))


if __name__ == "__main__":
    from portal_core.jobs.worker import run_forever
    from portal_core.logs import configure_logging

    configure_logging()
    portal = load(sys.argv[1])
    say("ready")
    run_forever(portal, pause=PAUSE)
