"""Logs and metrics: decides what may be said. Keys come from an allow-list: no patient's value can slip through."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from prometheus_client import generate_latest

from adapter.metrics import Metrics
from adapter.outcome import AdapterError

ALLOWED_KEYS = frozenset(
    {
        "ack",
        "address",
        "attempts",
        "connection",
        "certificate",
        "count",
        "destination",
        "duplicate",
        "error",
        "faults",
        "format",
        "grade",
        "group",
        "listener",
        "mapping",
        "mapping_sha256",
        "message_id",
        "method",
        "outcome",
        "part",
        "patient",
        "peer",
        "place",
        "plan",
        "port",
        "problem",
        "reason",
        "route",
        "rule",
        "score_id",
        "seconds",
        "sender",
        "state",
        "status",
        "url",
        "version",
        "warning",
    }
)
"""What a line of the log may hold besides time, level and event. ``patient`` is the opaque key, never an identifier."""


class UnlistedKeyError(AdapterError):
    """Somebody tried to log a key that is not on the list: a fault of the program, found by its tests."""


class Telemetry:
    """Tells what happens, in JSON lines on standard error and in Prometheus metrics, without a patient's value."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL if quiet else logging.INFO),
        )
        self._metrics = Metrics()
        self.registry = self._metrics.registry

    def say(self, event: str, **facts: Any) -> None:
        """Write one line; raises UnlistedKeyError for a key that is not on the list."""
        self._write(logging.INFO, event, facts)

    def warn(self, event: str, **facts: Any) -> None:
        """Write one line that a person should see."""
        self._write(logging.WARNING, event, facts)

    def _write(self, level: int, event: str, facts: dict[str, Any]) -> None:
        unlisted = sorted(set(facts) - ALLOWED_KEYS)
        if unlisted:
            raise UnlistedKeyError(f"not on the list of what may be logged: {', '.join(unlisted)}")
        try:
            self._log.log(level, event, **{key: str(value) for key, value in facts.items() if value is not None})
        except OSError:
            # The log's disk is full or its reader gone: a message that is kept must not be refused for that.
            self._metrics.lines_lost.inc()

    def listener_event(self, name: str, **facts: str | int | None) -> None:
        """Take note of what a listener saw (adapter/inbound/events.py holds the closed lists)."""
        self._metrics.events.labels(str(facts.get("listener", "")), name).inc()
        self._write(logging.INFO, name, facts)

    def web_event(self, event: str, **facts: str | float) -> None:
        """Take note of what the web did: route, method, status, seconds, never a path or a query."""
        self._write(logging.INFO, event, facts)

    def answered(self, listener: str, answer: str) -> None:
        """Count a message by its answer: kept, duplicate, or the problem it was refused for."""
        self._metrics.messages.labels(listener, answer).inc()

    def reused(self, listener: str, sender: str) -> None:
        """Count a message whose control ID was used for another one."""
        self._metrics.reused.labels(listener, sender).inc()

    def read(self, state: str, problem: str = "") -> None:
        """Count a message by what its reading became."""
        self._metrics.readings.labels(state, problem).inc()

    def remarked(self, remark: str) -> None:
        """Count a message that a newer version of its study had overtaken, or one of the same standing contradicts."""
        (self._metrics.stale if remark == "stale-message" else self._metrics.conflicting).inc()

    def published(self, state: str, outcome: str) -> None:
        """Count a score that was brought to its destination."""
        self._metrics.publications.labels(state, outcome).inc()

    def group_changed(self) -> None:
        """Count a score whose prognostic group is another one than was sent before."""
        self._metrics.group_changes.inc()

    def mappings_reloaded(self, outcome: str) -> None:
        """Count an attempt to bring mapping files into use: swapped, unchanged or refused."""
        self._metrics.reloads.labels(outcome).inc()
        self._metrics.mappings_current.set(outcome != "refused")

    def returned(self, listener: str, sender: str, outcome: str) -> None:
        """Count an attempt to give an answer to a peer: delivered, failed, refused or given-up."""
        self._metrics.answers_returned.labels(listener, sender, outcome).inc()

    def stored(self, size: int, states: Mapping[str, tuple[int, int]]) -> None:
        """Show what the store takes: bytes on disk, and for each state its messages and the bytes of their bodies."""
        self._metrics.store_bytes.set(size)
        for state, (messages, bodies) in states.items():
            self._metrics.stored_messages.labels(state).set(messages)
            self._metrics.stored_bodies.labels(state).set(bodies)

    def pruned(self, kind: str, count: int) -> None:
        """Count what retention removed."""
        self._metrics.pruned.labels(kind).inc(count)

    def offered(self, count: int) -> None:
        """Show how many held messages could be read if they were replayed."""
        self._metrics.offered.set(count)

    def failed(self, stage: str) -> None:
        """Count work that failed and will be tried again."""
        self._metrics.failures.labels(stage).inc()

    def part(self, name: str, *, held: bool) -> None:
        """Tell that this process now does what one process does at a time, or does it no more."""
        self._metrics.parts.labels(name).set(int(held))
        self.say("part-begun" if held else "part-ended", part=name)

    def running(self, version: str) -> None:
        """Show the running version."""
        self._metrics.up.labels(version).set(1)

    def metrics(self) -> bytes:
        """Give the metrics as Prometheus reads them."""
        return generate_latest(self.registry)
