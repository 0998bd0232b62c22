"""Is a message a score of this program that came back? An EHR that forwards every result sends us ours as well."""

from collections.abc import Collection, Iterable

from adapter.fhir.vocabulary import SCORE_TERMS
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.oru import patient_results
from adapter.mapping.codes import OUR_SYSTEM, Key, Systems
from adapter.mapping.paths import codings_of

_SYSTEMS = Systems()
_SCORE = _SYSTEMS.key("netpet-score", OUR_SYSTEM)
_SAID = frozenset(_SYSTEMS.key(code, OUR_SYSTEM) for code in SCORE_TERMS)


def is_own_score(message: Message, read_by_mappings: Collection[Key]) -> bool:
    """Is every order of the message a score of ours, with no observation that a mapping would read beside it?

    A report to which a score was added is a report. What the EHR added on its way (codes that nobody reads) does not
    make a score a report.
    """
    if not any("netpet-score" in obx.field(3).lower() for obx in message.all("OBX")):
        return False
    try:
        groups = [group.observations for patient in patient_results(message) for group in patient.groups]
    except MessageError:
        return False
    return all(_is_score(observations, read_by_mappings) for observations in groups)


def _is_score(observations: Iterable[Segment], read_by_mappings: Collection[Key]) -> bool:
    rows = [_keys(obx) for obx in observations]
    is_marked = any(_SCORE in keys for keys in rows)
    return is_marked and all(keys & _SAID or keys.isdisjoint(read_by_mappings) for keys in rows)


def _keys(obx: Segment) -> frozenset[Key]:
    return frozenset(_SYSTEMS.key(coding.code, coding.system) for coding in codings_of(obx, 3) if coding.code)
