"""Processes that do things at the same moment, to find out what two of them can do to each other.

``Racers`` starts real processes once. A race then gives each of them a job and one common moment to begin; what each made of it
comes back with the time it took. What the jobs are is the business of the class the racers are made of.
"""

import multiprocessing
import os
import time
import traceback
from dataclasses import dataclass
from typing import Any

HEAD_START = 0.005
PATIENCE = 60


@dataclass(frozen=True)
class Outcome:
    """What one racer's job came to: ``result`` as the job returned it, or ``error``, the text of what it raised; and seconds."""

    result: Any
    error: str | None
    seconds: float


class Racers:
    """``count`` processes, each with an object ``make(*arguments)``; a job is ``(name of a method, its arguments)``."""

    def __init__(self, count, make, *arguments):
        # Forked processes would share what this one has open; a served portal's processes share nothing.
        context = multiprocessing.get_context("spawn")
        self._workers = []
        for _number in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, make, arguments), daemon=True)
            process.start()
            theirs.close()
            self._workers.append((process, ours))

    @property
    def count(self):
        """How many racers there are."""
        return len(self._workers)

    def race(self, jobs):
        """Run ``jobs``, one per racer from the first on, all beginning at the same moment; returns their outcomes in order."""
        moment = time.monotonic() + HEAD_START
        chosen = self._workers[: len(jobs)]
        for (_process, pipe), job in zip(chosen, jobs, strict=True):
            pipe.send((moment, job))
        return [self._receive(process, pipe) for process, pipe in chosen]

    def all(self, method, *arguments):
        """Let every racer do the same; returns the results. Raises RuntimeError when one fails."""
        outcomes = self.race([(method, arguments)] * self.count)
        failed = [outcome.error for outcome in outcomes if outcome.error]
        if failed:
            raise RuntimeError(failed[0])
        return [outcome.result for outcome in outcomes]

    def close(self):
        """End the processes."""
        for process, pipe in self._workers:
            pipe.close()
            process.join(5)
            if process.is_alive():
                process.kill()

    def _receive(self, process, pipe):
        if not pipe.poll(PATIENCE):
            raise RuntimeError(f"racer {process.pid} did not answer within {PATIENCE} seconds")
        return Outcome(*pipe.recv())


def _work(pipe, make, arguments):
    """The life of one racer: until the pipe is closed."""
    made = make(*arguments)
    while True:
        try:
            moment, (method, given) = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        time.sleep(max(0, moment - time.monotonic()))
        begun = time.monotonic()
        try:
            result, error = getattr(made, method)(*given), None
        except Exception:
            result, error = None, traceback.format_exc()
        pipe.send((result, error, time.monotonic() - begun))
