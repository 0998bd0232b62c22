"""The facts of the machine that a figure cannot be read without."""

import os
import platform
import sqlite3
from pathlib import Path


def facts() -> list[str]:
    """Lines for the head of the results: processor, cores, memory, versions, and how busy the machine was before."""
    return [
        f"- processor: {_processor()}, {os.cpu_count()} cores",
        f"- memory: {_memory_gb():.0f} GB",
        f"- system: {platform.system()} {platform.machine()}",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"- load before the run (1 minute): {os.getloadavg()[0]:.1f}",
    ]


def cores() -> tuple[int | None, int | None]:
    """The core of servers and the core of clients; None where there is but one, or the system cannot say."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    ours = sorted(os.sched_getaffinity(0))
    return (ours[0], ours[1]) if len(ours) > 1 else (None, None)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
