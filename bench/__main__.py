"""``make bench``: every measurement in one run, printed and written to bench/RESULTS.md beside the bars."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import accepting, backlog, crowding, growth, journey, plans, reading, receiving, replicas, scoring
from bench.machine import cores, facts
from bench.results import Section, table

HERE = Path(__file__).parent
WORK = HERE.parent / "build" / "bench"
"""On the disk of the source tree: a store on a RAM disk would measure nothing. Each run has its own folder in it."""
LONG = os.environ.get("LONG", "") not in ("", "0")
"""`make bench LONG=1`: a hundred thousand messages to catch up with, a million stored ones."""


def main() -> int:
    """Measure, print, write. Always 0 when all was measured: a machine that is slow is no fault of the program."""
    parser = argparse.ArgumentParser(description="Measure parsing, receipt, scoring and the whole way.")
    parser.add_argument("--only", choices=sorted(_measurements(WORK)), help="one measurement, printed and not written")
    only = parser.parse_args().only
    WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=WORK))
    try:
        return _measure(folder, only)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, only: str | None) -> int:
    head = [*facts(), f"- servers on core {cores()[0]}, senders on core {cores()[1]}"]
    started = time.monotonic()
    sections = []
    for name, measure in _measurements(folder).items():
        if only in (None, name):
            print(f"== {name}", file=sys.stderr, flush=True)
            sections.append(measure())
    head.append(f"- the whole run took {time.monotonic() - started:.0f} s")
    text = _page(head, sections)
    print(text)
    if only is None:
        (HERE / "RESULTS.md").write_text(text + "\n", encoding="utf-8")
        (HERE / "QUERY_PLANS.md").write_text(plans.page(folder) + "\n", encoding="utf-8")
    return 0


def _measurements(folder: Path) -> dict[str, Callable[[], Section]]:
    return {
        "reading": reading.measure,
        "accepting": lambda: accepting.measure(folder),
        "receiving": lambda: receiving.measure(folder, cores()),
        "crowding": lambda: crowding.measure(folder, cores()),
        "scoring": lambda: scoring.measure(folder),
        "journey": lambda: journey.measure(folder, cores()),
        "replicas": lambda: replicas.measure(folder),
        "backlog": lambda: backlog.measure(folder, long=LONG),
        "growth": lambda: growth.measure(folder, long=LONG),
    }


def _page(head: list[str], sections: list[Section]) -> str:
    lines = [
        "# Measured",
        "",
        "Written by `make bench` (`python -m bench`). Loopback only. Rounds are interleaved and ratios are taken round",
        "by round; the median decides, the lowest and the highest round stand beside it. On another machine, or on one",
        "that does other work meanwhile, the figures are others.",
        "",
        *head,
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", " ".join(section.method.split()), "", *table(section.rows)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
