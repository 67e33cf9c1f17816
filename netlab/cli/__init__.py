"""The command line: the rooms of its verbs, and the one place where errors become exit codes.

The only package that prints or exits. A room is a module with an ``app``; one with a name is a group of verbs.
``verbs`` lists them.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from netlab import __version__
from netlab.cli.exits import interruptible, leave, shortage
from netlab.cli.output import complain, log
from netlab.cli.verbs import Verbs
from netlab.errors import ExitCode, NetlabError, UsageError

app = typer.Typer(
    name="netlab",
    cls=Verbs,
    help="Azure's hybrid networking as a packet-level lab in Linux network namespaces.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_SYSTEM_PROGRAMS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"netlab {__version__}")
        leave(ExitCode.OK)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


def _settle_in() -> None:
    """Have what netlab needs of its caller: an output, even if nobody reads it, and system programs in the path."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 # until the end
        # A locale may have no dash or arrow, and a file's name may be no text.
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Debian's su keeps the path of a user, which has no sbin (su(1), "environment").
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    os.environ["PATH"] = os.pathsep.join((*path, *(place for place in _SYSTEM_PROGRAMS if place not in path)))


def main() -> None:
    """Run the command line and exit with an ``ExitCode``."""
    _settle_in()
    try:
        with interruptible():
            code = app(standalone_mode=False)
        if code == ExitCode.INTERRUPTED:  # what typer makes of a KeyboardInterrupt
            log("netlab: interrupted")
        sys.exit(code)
    except (KeyboardInterrupt, typer.Abort):
        log("netlab: interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except typer.TyperException as error:
        verb = getattr(getattr(error, "ctx", None), "command_path", "netlab")
        message = error.format_message()
        if message.startswith("Usage:"):  # no arguments: the help itself
            log(message)
        else:
            complain(UsageError(message, f"{verb} --help"))
        sys.exit(ExitCode.USAGE)
    except NetlabError as error:
        complain(error)
        sys.exit(error.exit_code)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # pydantic wraps what a signal raises in its serializers
            log("netlab: interrupted")
            sys.exit(ExitCode.INTERRUPTED)
        if os.environ.get("NETLAB_DEBUG"):
            raise
        lacking = shortage(error)
        if lacking is not None:
            complain(lacking)
            sys.exit(lacking.exit_code)
        log(f"netlab: internal error: {type(error).__name__}: {error}")
        log("  next: run it again with NETLAB_DEBUG=1 and report what it prints")
        sys.exit(ExitCode.LAB)
