"""Which answers a message asks for: original mode, or enhanced mode by MSH-15 and MSH-16 (v2.5 section 2.9)."""

from enum import Enum

from adapter.hl7v2.ack import Level
from adapter.hl7v2.header import Header
from adapter.outcome import Receipt, Refused


class AckMode(Enum):
    """How a sender is answered: as it asks, in original mode whatever it asks, or with AA where CA is due."""

    AUTO = "auto"
    ORIGINAL = "original"
    COMMIT_AS_AA = "commit-as-aa"


def is_enhanced(header: Header, mode: AckMode = AckMode.AUTO) -> bool:
    """Does the message ask for enhanced mode? It does when MSH-15 or MSH-16 is valued."""
    return mode is not AckMode.ORIGINAL and bool(header.accept_ack or header.application_ack)


def answer_at_commit(header: Header | None, receipt: Receipt, mode: AckMode = AckMode.AUTO) -> Level | None:
    """Turn a receipt into the level of the answer that is due now; None when the sender asked for none.

    A refused message is never processed, so its application level answer, where asked for, is due at once.
    """
    if header is None or not is_enhanced(header, mode):
        return Level.APPLICATION
    if _is_wanted(header.accept_ack, receipt):
        return Level.APPLICATION if mode is AckMode.COMMIT_AS_AA else Level.ACCEPT
    if isinstance(receipt, Refused) and _is_wanted(header.application_ack, receipt):
        return Level.APPLICATION
    return None


def answers_after_processing(header: Header, receipt: Receipt, mode: AckMode = AckMode.AUTO) -> bool:
    """Is an application level answer due once the kept message was processed with this receipt?"""
    return is_enhanced(header, mode) and _is_wanted(header.application_ack, receipt)


def _is_wanted(condition: str, receipt: Receipt) -> bool:
    """Table 0155; empty beside a valued one is NE. Any other code is answered: silence would lose messages."""
    refused = isinstance(receipt, Refused)
    return {"": False, "NE": False, "ER": refused, "SU": not refused}.get(condition, True)
