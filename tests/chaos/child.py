"""Lives of the service, one after the other: everything is loaded once, each life is a process forked from it.

A life runs what ``netpet-adapter serve`` runs. Orders come as JSON lines on stdin; for each, the process id of the life
and then how it ended is told on stdout. ``python child.py NAME`` plants the fault of ``planted/NAME.py`` first.
"""

import ctypes
import importlib
import json
import os
import signal
import sys

from adapter.cli.serve import run_serve
from adapter.hl7v2.tables import warm

PR_SET_PDEATHSIG = 1
library = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def live(order: dict[str, object]) -> None:
    """Become the service."""
    die_with_parent()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(mine, standard)
    texts = [str(order[name]).encode() for name in ("folder", "control", "record")]
    library.chaos_begin(*texts, int(order["sync_lies"]))
    code = 70
    try:
        code = run_serve(None)
    finally:  # whatever happened: this process must not go on as the parent that it was forked from
        os._exit(code)


def main() -> None:
    die_with_parent()
    for name in sys.argv[1:]:
        importlib.import_module(f"chaos.planted.{name}").plant()
    warm()
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(json.loads(line))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
