"""Names that never change: ids made of the patient and the accessions, never of a message or a clock."""

from functools import lru_cache
from uuid import uuid5

from adapter.scoring.report import OID_NAMESPACE
from adapter.scoring.result import Result

OID_ROOT = "2.25.54930188285360043366174129075465106905"
"""The project's own OID arc (a UUID arc, ours without any registry); docs/formats.md, "Identifiers of our own"."""


def oid(branch: int) -> str:
    """Turn a branch of our OID root into the URI that FHIR writes."""
    return f"urn:oid:{OID_ROOT}.{branch}"


SCORE_SYSTEM = oid(20)
LESION_SYSTEM = oid(21)
DEVICE_SYSTEM = oid(22)
CONTROL_ID_SYSTEM = oid(24)
MESSAGE_SHA256_SYSTEM = oid(25)
MAPPING_SYSTEM = oid(26)
MAPPING_SHA256_SYSTEM = oid(27)
SUMMARY_SYSTEM = oid(28)
# Branch 23 is kept for Provenance, which has no identifier in R4 and is known by its derived id alone.


@lru_cache(maxsize=1024)
def _derived(kind: str, *parts: str) -> str:
    """A part may hold any character, so each is written with its length before it: no two lists share a name.

    One score names each of its lesions, and the Device, many times.
    """
    name = "|".join((kind, *(f"{len(part)}:{part}" for part in parts)))
    return str(uuid5(OID_NAMESPACE, name.encode("utf-8", "backslashreplace").decode()))


def lesion_id(score_id: str, lesion: str) -> str:
    """Turn a score's id (patient and accessions) and a lesion's own id into the lesion Observation's id."""
    return _derived("lesion", score_id, lesion)


def provenance_id(score_id: str) -> str:
    """Turn a score's id into its Provenance's id."""
    return _derived("provenance", score_id)


def device_id(software_version: str, result: Result) -> str:
    """Turn the software's and the algorithm's versions into the Device's id: one Device for each pair of versions."""
    return _derived("device", software_version, result.algorithm, result.algorithm_version)
