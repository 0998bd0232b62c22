"""What survives a restart: messages, reports, patients, scores, deliveries."""

from adapter.store.store import Store

__all__ = ["Store"]
