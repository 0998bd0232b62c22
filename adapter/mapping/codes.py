"""Codes with their systems, folded so that spelling, case and a system's many names do not matter."""

import unicodedata
from collections.abc import Iterable, Mapping

Key = tuple[str, str]
"""(code, system), both folded; system is empty where none is stated."""

OUR_SYSTEM = "99NETPET"
_OID_ROOT = "2.25.54930188285360043366174129075465106905"

SYSTEMS: dict[str, tuple[str, ...]] = {
    "SCT": ("SNM", "SNOMED", "SNOMED-CT", "SNOMEDCT", "http://snomed.info/sct"),
    "LN": ("LOINC", "http://loinc.org"),
    "DCM": ("http://dicom.nema.org/resources/ontology/DCM",),
    "UMLS": ("http://terminology.hl7.org/CodeSystem/umls", "http://www.nlm.nih.gov/research/umls"),
    "UCUM": ("http://unitsofmeasure.org",),
    OUR_SYSTEM: (f"urn:oid:{_OID_ROOT}.1",),
}
"""Coding systems as a mapping names them (table 0396), with the other names under which senders and FHIR give them."""


def fold(text: str) -> str:
    """Turn text into the form in which texts are compared: no outer blanks, no case, one Unicode form."""
    folded = text.strip().casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


class Systems:
    """The names of coding systems that one mapping knows: the shared ones and the site's own aliases."""

    def __init__(self, aliases: Mapping[str, Iterable[str]] | None = None) -> None:
        self._names: dict[str, str] = {}
        for names in (SYSTEMS, aliases or {}):
            for name, others in names.items():
                self._names |= dict.fromkeys(map(fold, (name, *others)), fold(name))

    def system(self, name: str) -> str:
        """Turn a system's name into the one folded name that stands for it."""
        folded = fold(name)
        return self._names.get(folded, folded)

    def key(self, code: str, system: str) -> Key:
        """Turn a code and its system, as sent, into their key."""
        return fold(code), self.system(system)

    def key_of(self, reference: str) -> Key:
        """Turn a reference as a mapping file writes it (``code^text^system``, or a bare word) into its key."""
        parts = reference.split("^")
        return self.key(parts[0], parts[2] if len(parts) > 2 else "")


def checked_reference(reference: str) -> str:
    """Accept ``code^text^system``, ``code^^system`` or ``code``; raises ValueError saying what to write instead."""
    if reference.count("^") not in (0, 2) or not reference.partition("^")[0].strip():
        raise ValueError("a code is written code^text^system (the text may be empty) or, without a system, code")
    return reference
