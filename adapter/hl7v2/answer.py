"""What a receiver answered to a message of ours: taken, to be sent again, or refused so that a person has to look.

AE and AR alone do not tell a lock from a wrong code, so the error condition (table 0357) decides where there is one:
ERR-3 from v2.5, ERR-1 before it, MSA-6 in v2.3 to v2.6. Without one AE speaks of the content, which will be refused
again, and AR of "a reason unrelated to its content" (v2.5 section 2.9.2.2), which may pass.
"""

import re
from dataclasses import dataclass

from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.tables import NEWEST, segment_tables

_ACCEPTS = frozenset({"AA", "CA"})
_REFUSALS = frozenset({"AE", "AR", "CE", "CR"})
_OF_CONTENT = frozenset({"AE", "CE"})
_WILL_PASS = frozenset({"206", "207"})
"""Table 0357: application record locked, application internal error."""
_FOR_GOOD = frozenset({"100", "101", "102", "103", "200", "201", "202", "203", "204", "205"})
_SEQUENCE, _FIELD = re.compile("[0-9]{1,4}"), re.compile("[0-9]{1,2}")
"""A longer number is no position, and may be a patient's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """MSA-1, the conditions of table 0357 and the places that are named; no words of the receiver, they may quote.

    ``permanent``: the same content will be refused again. An answer without a known code is neither an accept nor
    permanent.
    """

    code: str
    conditions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    permanent: bool = False

    @property
    def accepted(self) -> bool:
        """Has the receiver taken the message?"""
        return self.code in _ACCEPTS

    @property
    def is_interim(self) -> bool:
        """Does it say only that the message is kept (enhanced mode, CA)?"""
        return self.code == "CA"


def judge(answer: bytes) -> Verdict:
    """Turn an answer's payload into what it means; raises MessageError for what is no HL7 message."""
    message = Message.parse(answer.decode("latin-1"))
    acknowledgement = message.first("MSA")
    code = acknowledgement.value(1).strip().upper() if acknowledgement else ""
    if code not in _REFUSALS:
        return Verdict(code if code in _ACCEPTS else "")
    errors = message.all("ERR")
    found = [_condition(error) for error in errors] + ([acknowledgement.value(6)] if acknowledgement else [])
    conditions = tuple(dict.fromkeys(one for one in found if one in _WILL_PASS | _FOR_GOOD))
    permanent = not _FOR_GOOD.isdisjoint(conditions) if conditions else code in _OF_CONTENT
    return Verdict(code, conditions, tuple(filter(None, map(_place, errors))), permanent)


def _condition(error: Segment) -> str:
    """ERR-3.1; before v2.5 the fourth component of ERR-1, with the code in its first subcomponent."""
    return error.value(3).strip() or error.value(1, 1, 4).strip()


def _place(error: Segment) -> str:
    """ERR-2 or, before v2.5, ERR-1, as an engineer writes it; what is no segment of the standard is not taken."""
    field = 2 if error.value(2) else 1
    segment, sequence, number = (error.value(field, 1, component).strip() for component in (1, 2, 3))
    if segment not in segment_tables(NEWEST):
        return ""
    text = f"{segment}[{sequence}]" if _SEQUENCE.fullmatch(sequence) else segment
    return f"{text}-{number}" if _FIELD.fullmatch(number) else text
