"""The reports of a FHIR twin: an OBR group is a DiagnosticReport, each of its rows an Observation."""

import re
from collections.abc import Iterator

from fhir_twin_values import SYSTEMS, Json, concept, identifiers, moment, value

from adapter.hl7v2.datatypes import sub_id
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.oru import ObservationGroup

REPORT_STATUS = {
    "F": "final",
    "C": "corrected",
    "X": "cancelled",
    "P": "preliminary",
    "R": "partial",
    "I": "registered",
}
STATUS = {"F": "final", "C": "corrected", "P": "preliminary", "D": "entered-in-error", "W": "entered-in-error"}
STATUS |= {"X": "cancelled", "N": "final"}
TRACKING = {"112039": None, "112040": "urn:dicom:uid"}
SITE = "363698007"
TEST_LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}


def groups(message: Message, pid: Segment | None, found: tuple[ObservationGroup, ...]) -> Iterator[list[Json]]:
    assert pid is not None
    for number, group in enumerate(found, start=1):
        if group.obr is not None:
            yield report(message, pid, group.obr, group.observations, number)


def report(message: Message, pid: Segment, obr: Segment, observations: tuple[Segment, ...], number: int) -> list[Json]:
    """Turn one OBR group into a DiagnosticReport, its patient, its order and its Observations, the report first."""
    header = message.segments[0]
    stem = re.sub(r"[^A-Za-z0-9.-]", "-", obr.value(3) or obr.value(2) or f"study-{number}")[:40]
    patient = patient_of(pid)
    subject = {"reference": f"Patient/{patient['id']}"}
    order = {"resourceType": "ServiceRequest", "id": f"{stem}-order", "status": "active", "intent": "order"}
    order |= {"identifier": identifiers(obr, 2, "PLAC"), "subject": subject} if obr.value(2) else {"subject": subject}
    results = list(results_of(observations, stem, subject))
    resource: Json = {"resourceType": "DiagnosticReport", "id": stem, "meta": {"versionId": "1"}}
    if header.value(11) == "T":
        resource["meta"]["tag"] = [TEST_LABEL]
    resource |= {"identifier": accession} if (accession := identifiers(obr, 3, "ACSN")) else {}
    resource |= {"basedOn": [{"reference": f"ServiceRequest/{order['id']}"}]}
    resource |= {"status": REPORT_STATUS.get(obr.value(25), "unknown")} if obr.value(25) else {}
    resource |= {"code": concept(obr, 4), "subject": subject} if obr.value(4) else {"subject": subject}
    resource |= {"effectiveDateTime": moment(obr.value(7))} if obr.value(7) else {}
    resource["issued"] = moment(obr.value(22) or header.value(7))
    named = [one for one in results if not one["id"].endswith("-member")]
    resource |= {"result": [{"reference": f"Observation/{one['id']}"} for one in named]} if named else {}
    return [resource, patient, order, *results]


def patient_of(pid: Segment) -> Json:
    resource: Json = {"resourceType": "Patient", "id": f"p-{pid.value(3)}"}
    resource["identifier"] = [
        one for number in range(1, len(pid.repetitions(3)) + 1) for one in identifiers(pid, 3, "", number, 4)
    ]
    resource |= {"name": [{"family": pid.value(5), "given": [pid.value(5, component=2)]}]} if pid.value(5) else {}
    born = pid.value(7)[:8]
    return resource | ({"birthDate": f"{born[:4]}-{born[4:6]}-{born[6:]}"} if len(born) == 8 else {})


def results_of(observations: tuple[Segment, ...], stem: str, subject: Json) -> Iterator[Json]:
    """Turn the OBX of a group into Observations: one each of the whole report, and one for each row."""
    rows: dict[str, list[Segment]] = {}
    for obx in observations:
        parts = sub_id(obx)
        if parts.parts:
            rows.setdefault(parts.projection(1), []).append(obx)
        else:
            yield observation(obx, f"{stem}-{obx.sequence}", subject)
    for row, of_row in rows.items():
        yield from lesion(row, of_row, stem, subject)


def lesion(row: str, of_row: list[Segment], stem: str, subject: Json) -> Iterator[Json]:
    """Turn the OBX of a row into its Observation; one that has a status of its own becomes a member."""
    name = f"{stem}-lesion-{row}"
    found: Json = {"resourceType": "Observation", "id": name, "status": "final"}
    found |= {"code": {"coding": [{"system": SYSTEMS["99NETPET"], "code": "lesion"}]}, "subject": subject}
    standing = {obx.value(11) for obx in of_row}
    common = standing.pop() if len(standing) == 1 else "F"
    found |= {"status": STATUS.get(common, "unknown")} if common else {}
    members, components = [], []
    for obx in of_row:
        if obx.value(11) != common:
            members.append(observation(obx, f"{name}-{obx.sequence}-member", subject))
        elif obx.value(3) in TRACKING and obx.value(5):
            found.setdefault("identifier", []).append(tracking(obx))
        elif obx.value(3) == SITE and "bodySite" not in found and obx.value(2) in ("CWE", "CE"):
            found["bodySite"] = concept(obx, 5)
        else:
            components.append({"code": concept(obx, 3)} | value(obx))
    found |= {"component": components} if components else {}
    found |= {"hasMember": [{"reference": f"Observation/{one['id']}"} for one in members]} if members else {}
    yield from (found, *members)


def tracking(obx: Segment) -> Json:
    system = TRACKING[obx.value(3)]
    return {"system": system, "value": f"urn:oid:{obx.value(5)}"} if system else {"value": obx.value(5)}


def observation(obx: Segment, name: str, subject: Json) -> Json:
    found: Json = {"resourceType": "Observation", "id": name}
    found |= {"status": STATUS.get(obx.value(11), "unknown")} if obx.value(11) else {}
    return found | {"code": concept(obx, 3), "subject": subject} | value(obx)
