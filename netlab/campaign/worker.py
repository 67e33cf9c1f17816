"""What a Dask worker does for a campaign: it looks whether its machine can hold labs, then builds one after the other.

Only what has the packages of the extra `netlab-azure[campaign]` imports this module.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys

import psutil
from distributed import Scheduler, Status, Worker, WorkerPlugin, get_worker
from distributed.system import MEMORY_LIMIT

from netlab import __version__
from netlab.campaign.judging import Ran
from netlab.errors import ExitCode, HostError
from netlab.machine import isolation

RESOURCE = "lab"
TOPIC = "netlab"
# A task whose worker died is tried on another one so many times.
MOST_TRIED_AGAIN = 2
_AT_WORK = (Status.running, Status.paused)
_NETLAB = (sys.executable, "-c", "from netlab.cli import main; main()")


def build(text: str, options: tuple[str, ...]) -> Ran | None:
    """Build, verify and remove the lab of a text; None if it was wanted no more meanwhile."""
    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return worker.status in _AT_WORK and task is not None and task.state == "executing"

    ended = isolation.run((*_NETLAB, "test", isolation.FILE, "-f", "json", *options), text, wanted)
    if ended is None:
        return None
    return Ran(ended.code, ended.output, ended.errors, ended.seconds, platform.node())


def set_scheduler(dask_scheduler: Scheduler) -> None:
    """Have the scheduler give up a task whose workers died too often."""
    dask_scheduler.allowed_failures = MOST_TRIED_AGAIN


class Doctor(WorkerPlugin):  # type: ignore[misc]  # Dask's types are not looked at
    """Offers labs where the machine of a worker can hold them; another worker leaves, and says why.

    ``campaign`` marks what is said of this one, ``megabytes`` are those of the largest lab.
    """

    name = "netlab"

    def __init__(self, campaign: str, megabytes: int) -> None:
        self.campaign = campaign
        self.version = __version__
        self.megabytes = megabytes
        self.lock = -1

    async def setup(self, worker: Worker) -> None:
        """Run `netlab doctor`, and offer as many labs as the worker has threads and the machine has memory for."""
        labs = min(
            worker.state.nthreads, min(psutil.virtual_memory().available, MEMORY_LIMIT) // (self.megabytes << 20)
        )
        why = await asyncio.to_thread(self._lacking)
        if not why and labs < 1:
            why = f"there is no room for a lab of {self.megabytes} MiB"
        if why:
            said = f"{platform.node()} leaves: {why}"
            worker.log_event(TOPIC, {"campaign": self.campaign, "said": said})
            worker.loop.add_callback(worker.close, reason=why, nanny=True)
        else:
            await worker.set_resources(**{RESOURCE: labs})
            # A scheduler looks at the tasks that found no worker when one comes or runs again, not when one gets
            # resources (distributed/scheduler.py, add_resources): else the task of a worker that died waits for ever.
            worker.status = Status.paused
            worker.status = Status.running

    def teardown(self, worker: Worker) -> None:
        """Another worker of this machine may have its labs."""
        del worker
        if self.lock >= 0:
            isolation.release(self.lock)

    def _lacking(self) -> str:
        """Why this machine holds no labs of this worker; empty if it does."""
        if self.version != __version__:
            return f"it has netlab {__version__}, the campaign {self.version}"
        try:
            self.lock = isolation.claim()
        except HostError as error:
            return f"{error.message}; {error.hint}"
        return _diagnosis()


def _diagnosis() -> str:
    """What `netlab doctor` misses, as a lab's task would see it."""
    ended = isolation.run((*_NETLAB, "doctor", "-f", "json"), "", lambda: True)
    assert ended is not None
    try:
        missing = [need for need in json.loads(ended.output) if need["status"] == "missing"]
    except ValueError:
        missing = []
    if missing:
        return "; ".join(f"{need['name']}: {need['message']}" for need in missing)
    return "" if ended.code == ExitCode.OK else ended.errors.strip() or f"`netlab doctor` ended with {ended.code}"
