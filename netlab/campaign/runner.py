"""Tasks in, verdicts out: by the workers of a Dask scheduler, ours on this machine or the user's.

So many tasks are given away as labs are offered, no more: a worker that dies counts against those alone that it was at.
Only what has the packages of the extra `netlab-azure[campaign]` imports this module.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from multiprocessing import resource_tracker

from distributed import Client, Future, KilledWorker, LocalCluster, wait

from netlab.campaign.judging import Ran
from netlab.campaign.tasks import Task
from netlab.campaign.worker import MOST_TRIED_AGAIN, RESOURCE, TOPIC, Doctor, build, set_scheduler
from netlab.errors import LabError

# So long a campaign waits for a scheduler, and for a worker that offers labs.
PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 1.0

Outcome = tuple[Task, Ran | str]
"""A task, and what became of it: what its command did, or why there is no such thing."""


class _Lost(Exception):
    """The scheduler is gone, and what it held."""


@contextlib.contextmanager
def local(labs: int) -> Iterator[str | LocalCluster]:
    """A scheduler and a worker on this machine. Who else is on it cannot reach them: they talk TLS with keys of their
    own."""
    threads = labs or len(os.sched_getaffinity(0))
    settings = {"protocol": "tls", "security": True, "dashboard_address": None, "memory_limit": None}
    # A terminal's Ctrl-C goes to all processes, and is for this one alone: the threads of the cluster, and what they
    # start, inherit the mask of this thread (signal(7)).
    # The tracker would unblock SIGINT in the thread that starts it (multiprocessing/resource_tracker.py).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGHUP))
    try:
        cluster = LocalCluster(n_workers=1, threads_per_worker=threads, silence_logs=logging.CRITICAL, **settings)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with cluster:
        yield cluster


@dataclass(slots=True)
class Run:
    """A campaign at work. ``where`` is a scheduler's address or a cluster, ``say`` gets what a user should know."""

    where: str | LocalCluster
    tasks: Iterable[Task]
    say: Callable[[str], None]
    waiting: deque[Task] = field(default_factory=deque)
    said: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each task, as it is known. LabError where nothing offers labs."""
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost connection is said in our words
        self.waiting.extend(self.tasks)
        megabytes = max((task.megabytes for task in self.waiting), default=0)
        while self.waiting:
            with self._connected() as client, contextlib.suppress(_Lost):
                client.run_on_scheduler(set_scheduler)
                try:
                    client.register_plugin(Doctor(self.id, megabytes))
                except (ImportError, AttributeError) as error:
                    self._tell(f"a worker is left out: {error}; it needs netlab")
                yield from self._round(client)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Client]:
        try:
            client = Client(self.where, timeout=PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            message = f"the scheduler {self.where} does not answer: {error}"
            raise LabError(message, "start it: dask scheduler; the same command then goes on") from None
        try:
            with client.as_current():
                yield client
        finally:
            client.close(timeout=5)

    def _round(self, client: Client) -> Iterator[Outcome]:
        """Give away as many tasks as labs are offered, until nothing is left or the scheduler is lost."""
        running: dict[Future, Task] = {}
        deadline = time.monotonic() + PATIENCE_SECONDS
        try:
            while self.waiting or running:
                room = self._offered(client)
                deadline = time.monotonic() + PATIENCE_SECONDS if room else deadline
                if time.monotonic() > deadline:
                    why = "; ".join(sorted(self.said)) or "there is no worker"
                    raise LabError(f"no worker offers labs: {why}", "start workers as root: dask worker ADDRESS")
                while self.waiting and len(running) < room:
                    task = self.waiting.popleft()
                    running[_submitted(client, task)] = task
                for future in _done(running):
                    yield running[future], _result(future)
                    del running[future]
        finally:
            self.waiting.extendleft(running.values())
            with contextlib.suppress(Exception):  # the scheduler may be gone
                client.cancel(list(running), force=True)

    def _offered(self, client: Client) -> int:
        """How many labs the workers offer together; whoever left is told of."""
        try:
            workers = client.scheduler_info()["workers"].values()
            events = client.get_events(TOPIC)
        except (OSError, TimeoutError, AttributeError):
            raise _Lost from None
        if client.status != "running":
            raise _Lost
        for _, event in events:
            if event["campaign"] == self.id:
                self._tell(event["said"])
        return sum(int(worker["resources"].get(RESOURCE, 0)) for worker in workers)

    def _tell(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            self.say(text)


def _submitted(client: Client, task: Task) -> Future:
    key = f"netlab-{task.id}-{uuid.uuid4().hex[:8]}"
    return client.submit(build, task.text, task.options, key=key, resources={RESOURCE: 1}, pure=False)


def _done(running: dict[Future, Task]) -> tuple[Future, ...]:
    """The futures that ended, after one did or a look's time."""
    if not running:
        time.sleep(_LOOK_SECONDS)
        return ()
    with contextlib.suppress(TimeoutError, CancelledError):
        wait(list(running), timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED")
    return tuple(future for future in running if future.status != "pending")


def _result(future: Future) -> Ran | str:
    """What became of a task. _Lost if its scheduler is gone."""
    if future.status not in ("finished", "error"):
        raise _Lost
    try:
        ran: Ran | None = future.result(timeout=PATIENCE_SECONDS)
    except KilledWorker:
        return f"its worker died, on {MOST_TRIED_AGAIN + 1} workers in turn"
    except Exception as error:  # of a worker, whatever it is
        return f"its worker could not run it: {type(error).__name__}: {error}"
    return ran if ran is not None else "its worker ended it"
