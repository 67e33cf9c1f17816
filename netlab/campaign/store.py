"""The file of a campaign's results: SQLite, a row per lab, written when the lab is done.

A campaign that was killed goes on with it: what passed or failed is not tried again.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from netlab import files
from netlab.campaign.tasks import Task
from netlab.errors import UsageError
from netlab.results.campaign import Campaign, Tried

# "netl" as a number: what `file` tells of the file, and what says that the table is ours (sqlite.org/pragma.html).
_MARK = 0x6E65746C
_TABLE = "create table if not exists lab (id text primary key, verdict text, tried text not null, report text)"


@dataclass(frozen=True, slots=True)
class Store:
    """An open file of results. No other campaign can write into it meanwhile."""

    connection: sqlite3.Connection

    def write(self, tried: Tried, report: str) -> None:
        """Keep the verdict on a lab, and its report as `netlab verify -f json` prints it, empty without one."""
        with self.connection:  # a transaction
            row = (tried.id, tried.verdict, _written(tried), report or None)
            self.connection.execute("insert or replace into lab values (?, ?, ?, ?)", row)

    def done(self) -> frozenset[str]:
        """The tasks that passed or failed; of an error nothing was measured, so it is tried again."""
        return frozenset(row[0] for row in self.connection.execute("select id from lab where verdict != 'error'"))

    def campaign(self, name: str, tasks: Iterable[Task]) -> Campaign:
        """What is known of the tasks of a campaign, in their order."""
        known = dict(self.connection.execute("select id, tried from lab").fetchall())
        wanted = [task.id for task in tasks]
        found = tuple(_read(known[one]) for one in wanted if one in known)
        return Campaign(name, found, len(wanted) - len(found))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The file of results, made if there is none; UsageError if it is anything else, or in use."""
    try:
        files.require_writable(path)
        with files.rights():
            connection = sqlite3.connect(path, timeout=0)
        try:
            with files.rights():
                _begin(connection, path)
            yield Store(connection)
        finally:
            with files.rights():
                connection.close()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "choose another file: --results") from None
    except sqlite3.OperationalError as error:
        why = "another campaign writes into it" if "locked" in str(error) else str(error)
        raise UsageError(f"cannot write {path}: {why}", "wait for it, or choose another file: --results") from None
    except sqlite3.DatabaseError:
        raise _foreign(path) from None


def _begin(connection: sqlite3.Connection, path: Path) -> None:
    """Take the file for this process alone; from here on SQLite opens no further file until it is closed."""
    connection.execute("pragma locking_mode = exclusive")
    mark = connection.execute("pragma application_id").fetchone()[0]
    if mark != _MARK and connection.execute("select count(*) from sqlite_master").fetchone()[0]:
        raise _foreign(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute(f"pragma application_id = {_MARK}")
    with connection:
        connection.execute(_TABLE)
        connection.execute("pragma user_version = 1")


def _foreign(path: Path) -> UsageError:
    return UsageError(f"{path} is no file of results of a campaign", "choose another file: --results")


def _written(tried: Tried) -> str:
    return json.dumps({name: getattr(tried, name) for name in Tried.__slots__})


def _read(text: str) -> Tried:
    values = json.loads(text)
    return Tried(**{**values, "messages": tuple(values["messages"])})
