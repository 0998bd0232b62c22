"""``netpet-adapter score --lines``: lesion tables in, results out, as a research group runs it over a registry."""

import json
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.results import Bar, Row, Section, rounds

ROUNDS = 5
TABLES = 20_000


def measure(folder: Path) -> Section:
    """Score one file of tables several times."""
    tables = folder / "tables.jsonl"
    chance = random.Random(1)
    tables.write_text("".join(json.dumps(_table(chance)) + "\n" for _ in range(TABLES)), encoding="utf-8")
    found = rounds(ROUNDS, {"lines": partial(_rate, tables, folder / "results.jsonl")})
    method = f"""
        {TABLES:,} tables of 1 to 9 lesions (5 on average), both studies given, {
        tables.stat().st_size / TABLES:,.0f} bytes each; the whole command, its start included, on all cores.
    """
    tables.unlink()
    return Section("score --lines", method, (Row("tables scored", "tables/s", found["lines"], Bar(5000)),))


def _rate(tables: Path, results: Path) -> float:
    started = time.perf_counter()
    with tables.open("rb") as source, results.open("wb") as target:
        command = [sys.executable, "-m", "adapter", "score", "--lines"]
        subprocess.run(command, stdin=source, stdout=target, check=True)
    seconds = time.perf_counter() - started
    lines = results.read_text(encoding="utf-8").splitlines()
    if len(lines) != TABLES or any('"error"' in line for line in lines):
        raise AssertionError("a table was not scored")
    results.unlink()
    return TABLES / seconds


def _table(chance: random.Random) -> dict[str, Any]:
    studies = {
        "sstr": {"tracer": "68Ga-DOTATATE", "acquired": "2026-11-12", "status": "final", "lesions_complete": True},
        "fdg": {"tracer": "18F-FDG", "acquired": "2026-11-19", "status": "final", "lesions_complete": True},
    }
    return {"studies": studies, "lesions": [_lesion(number, chance) for number in range(1, chance.randint(1, 9) + 1)]}


def _lesion(number: int, chance: random.Random) -> dict[str, Any]:
    sstr, fdg = round(chance.uniform(2, 40), 1), round(chance.uniform(1, 20), 1)
    return {
        "id": f"L{number}",
        "site": "10200004",
        "size_mm": chance.randint(6, 60),
        "sstr": {"uptake": "positive", "krenning": 4, "suv": {"low": sstr, "high": sstr}},
        "fdg": {"uptake": chance.choice(("positive", "negative")), "suv": {"low": fdg, "high": fdg}},
    }
