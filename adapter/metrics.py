"""The metrics of the service, as Prometheus reads them: names, meanings and labels, no patient's value among them."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Every counter and gauge of one service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        count, show = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self.messages = count("netpet_messages", "Messages received, by what was answered", ["listener", "answer"])
        self.readings = count("netpet_readings", "Messages read, by what became of them", ["state", "problem"])
        self.stale = count("netpet_stale_messages", "Messages that came after a newer version of their study")
        self.conflicting = count(
            "netpet_conflicting_messages", "Messages that contradict another version of the same time and state"
        )
        self.group_changes = count("netpet_group_changes", "Scores whose prognostic group changed after they were sent")
        self.publications = count("netpet_publications", "Scores brought to the destination", ["state", "outcome"])
        self.failures = count("netpet_failures", "Work that failed and will be tried again", ["stage"])
        self.events = count("netpet_listener_events", "What listeners saw", ["listener", "event"])
        self.reused = count(
            "netpet_control_ids_reused",
            "Messages whose control ID their sender had used for another one",
            ["listener", "sender"],
        )
        self.reloads = count("netpet_mapping_reloads", "Attempts to bring mapping files into use", ["outcome"])
        self.mappings_current = show("netpet_mappings_current", "1: the mapping files are in use; 0: they were refused")
        self.offered = show("netpet_replay_offered", "Held messages that the mappings in use can read")
        self.answers_returned = count(
            "netpet_answers_returned",
            "Application level answers sent to a peer, by what came of it",
            ["listener", "sender", "outcome"],
        )
        self.stored_messages = show("netpet_stored_messages", "Messages in the store", ["state"])
        self.stored_bodies = show("netpet_stored_body_bytes", "Bytes of the bodies that are kept of them", ["state"])
        self.store_bytes = show("netpet_store_bytes", "Bytes that the database takes on disk")
        self.pruned = count("netpet_pruned", "Bodies by state, messages and results that retention removed", ["kind"])
        self.parts = show("netpet_part_held", "1: this process does what one process does at a time", ["part"])
        self.lines_lost = count("netpet_log_lines_lost", "Lines that could not be written to the log")
        self.up = show("netpet_build_info", "The running version", ["version"])
