"""One imaging report with all that it references: what of a FHIR body is kept, read and answered as one message."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from adapter.fhir.json_text import canonical_json, to_json
from adapter.fhir.moments import parse_date_time
from adapter.fhir.node import Node
from adapter.fhir.patient import identities, of_identifiers
from adapter.fhir.resource import Element, Resource
from adapter.fhir.shelf import Entry, Shelf
from adapter.scoring.report import PatientIdentity, patient_key

PRODUCTION, TEST = "P", "T"
"""As MSH-11 has them: what carries the label HTEST is read and never scored."""

_TEST_LABEL = "HTEST"
_ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that names what is not in the body, and where the reference stands.

    ``reference`` is the sender's text: for a fetcher that has a base of its own, never an address to follow.
    """

    reference: str
    path: str
    is_result: bool


@dataclass(frozen=True, eq=False)
class Unit:
    """A DiagnosticReport and the resources of the body that it reaches, directly or through others.

    ``observations`` are its results with their members, in that order: others that it reaches (``derivedFrom``) are of
    other reports. ``loose`` are Observations that were sent with it on purpose and that nothing references.
    ``missing`` are the references that lead to nothing in the body. ``raw`` is what to keep: the sender's own bytes
    where the body holds this report alone.
    """

    report: Entry
    entries: tuple[Entry, ...]
    observations: tuple[Entry, ...]
    loose: tuple[Entry, ...]
    missing: tuple[Missing, ...]
    shelf: Shelf
    header: Entry | None = None
    sent: bytes | None = None

    @cached_property
    def raw(self) -> bytes:
        """The bytes to keep: as sent, or a collection of this report's resources with all digits as they came."""
        return to_json(bundle_of(self.roots)) if self.sent is None else self.sent

    @property
    def roots(self) -> list[Entry]:
        """All of its entries, in the order in which they are kept."""
        loose = [entry for entry in self.loose if entry.holder is None]
        return [*([self.header] if self.header else []), *self.entries, *loose]

    @property
    def nodes(self) -> list[Node]:
        """The resources at hand, where paths that begin with a type begin."""
        header = [self.header.node] if self.header else []
        inner = (one for entry in self.entries for one in (entry, *self.shelf.contained_in(entry)))
        return [*header, *(entry.node for entry in inner)]

    def resolve(self, node: Node) -> Node | None:
        """Turn a Reference into the resource that it names; None when that is not in the body."""
        return self.shelf.resolve(node)

    @property
    def control_id(self) -> str:
        """Which version of which report this is: server, id and version as stated, else the digest of its content."""
        resource = self.report
        if resource.id and resource.version:
            return f"{resource.base}{resource.type}/{resource.id}/_history/{resource.version}"
        return f"sha256:{self.sha256}"

    @cached_property
    def sha256(self) -> str:
        """The digest of the content of all its resources, whatever Bundle they came in."""
        resources = sorted(canonical_json(entry.resource) for entry in self.roots)
        return hashlib.sha256(b"\n".join(resources)).hexdigest()

    @property
    def changed(self) -> datetime | None:
        """When its server last changed the report (``meta.lastUpdated``), aware; None where it does not say."""
        return changed_at(self.report.resource)

    @property
    def processing_id(self) -> str:
        """``T`` where the report, or the message, is labelled as test data; else ``P``."""
        labelled = (self.report, *([self.header] if self.header else []))
        labels = [label for entry in labelled for label in _labels(entry.resource)]
        is_test = any(one.get("code") == _TEST_LABEL and one.get("system") == _ACT_REASON for one in labels)
        return TEST if is_test else PRODUCTION

    def identities(self, authorities: Mapping[str, str] | None = None) -> tuple[PatientIdentity, ...]:
        """Who the report may be about: the identifiers of its Patient, and the one in its own reference."""
        subject: Element = self.report.resource.get("subject", {})
        patient = self.patient
        own = of_identifiers([subject["identifier"]], authorities) if "identifier" in subject else ()
        return (*(identities(patient.resource, authorities) if patient else ()), *own)

    @cached_property
    def patient(self) -> Entry | None:
        """The Patient that the report is about, as far as it is in the body."""
        subject = self.report.resource.get("subject", {}).get("reference")
        found = self.shelf.find(subject, self.report.resource) if subject else None
        return found if found is not None and found.type == "Patient" else None

    def lane(self, authorities: Mapping[str, str] | None = None) -> str | None:
        """Turn the report into the key that orders its patient's work, None where it names no identifier.

        It is the key of an ORU that has the same identifier first, by the same authority (PID-3).
        """
        first = next(iter(self.identities(authorities)), None)
        return patient_key(first.authority_oid or first.authority, first.value) if first else None


def changed_at(resource: Resource) -> datetime | None:
    """Turn a resource into when its server last changed it (``meta.lastUpdated``), aware; None: it does not say."""
    try:
        moment = parse_date_time(resource.get("meta", {}).get("lastUpdated") or "")
    except ValueError:
        return None
    return moment.datetime if moment.datetime.tzinfo else moment.datetime.replace(tzinfo=UTC)


def _labels(resource: Resource) -> Iterable[Element]:
    meta: Element = resource.get("meta", {})
    return (*meta.get("tag", ()), *meta.get("security", ()))


def bundle_of(entries: Iterable[Entry]) -> Resource:
    """Turn entries into a collection that holds them as they are."""
    held = [({"fullUrl": one.full_url} if one.full_url else {}) | {"resource": one.resource} for one in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": held}
