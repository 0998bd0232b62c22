"""May a message that no mapping owns be a dual-PET report? Only what plainly is none may be let go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.hl7v2.message import Message, Segment
from adapter.mapping.codes import OUR_SYSTEM, Key, Systems, fold
from adapter.mapping.paths import codings_of
from adapter.mapping.rules import compiled
from adapter.mapping.site_mapping import SiteMapping

_PET_PROCEDURES = ("81555-5^^LN", "44139-4^^LN", "443271005^^SCT", "702767007^^SCT")
"""FDG PET/CT whole body, PET whole body, and the two SNOMED CT procedures of the clinical contract."""

_PET_WORDS = compiled(
    r"(^|[^a-z0-9])pet([^a-z]|$|ct|mr|fdg|ga)|(^|[^a-z])(fdg|sstr)([^a-z]|$)|dota(tate|toc|noc)|somatostatin|octreotid"
)
"""A procedure worded as PET, also where the word is run together with others (``PET_FDG``, ``PETCT``)."""

_SUV_WORD = compiled(r"(^|[^a-z])suv")

_SPECIFIC_FACTS = frozenset(
    {"tracer", "lesions_complete", "no_tumour_uptake", "therapy", "reader_grade", "relation", "uptake", "krenning"}
    | {"liver_suv", "spleen_suv", "blood_pool_suv", "suv", "in_field", "paired", "sstr_rads"}
)
"""Facts whose codes speak of PET; sites, sizes and identifiers stand in every structured CT report as well."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """What makes a message one that a person must see when no mapping reads it."""

    systems: Systems
    codes: frozenset[Key]
    procedures: frozenset[Key]
    drafts: tuple[SiteMapping, ...]

    @classmethod
    def of(cls, mappings: Iterable[SiteMapping]) -> "Relevance":
        """Turn the mappings of a set, drafts included, into what they are about."""
        standing = [mapping for mapping in mappings if not mapping.is_retired]
        systems = Systems()
        readers = (item for mapping in standing for item in mapping.plan.observations.items())
        codes = {key for key, found in readers if any(reader.fact in _SPECIFIC_FACTS for reader in found)}
        drafts = tuple(mapping for mapping in standing if not mapping.is_active)
        return cls(systems, frozenset(codes), frozenset(map(systems.key_of, _PET_PROCEDURES)), drafts)

    def may_concern(self, message: Message) -> bool:
        """May the message be a dual-PET report? One whose procedure is not named may be."""
        orders = message.all("OBR")
        if not orders or any(self._may_be_pet(obr) for obr in orders):
            return True
        observations = {obx.field(3): obx for obx in message.all("OBX")}
        if any(self._speaks_of_pet(obx) for obx in observations.values()):
            return True
        return any(draft.matches(message) for draft in self.drafts)

    def _may_be_pet(self, obr: Segment) -> bool:
        return self.is_pet(fold(" ".join(obr.components(4))), self._keys(obr, 4))

    def _speaks_of_pet(self, obx: Segment) -> bool:
        return self.speaks_of_pet(fold(" ".join(obx.components(3))), self._keys(obx, 3))

    def is_pet(self, text: str, keys: Sequence[Key]) -> bool:
        """May a procedure of these folded words and codes be PET? One that says nothing may."""
        named = any(key in self.procedures for key in keys) or _is_ours(keys)
        return named or not text or bool(_PET_WORDS.search(text))

    def speaks_of_pet(self, text: str, keys: Sequence[Key]) -> bool:
        """Does an observation of these folded words and codes speak of PET?"""
        return bool(_SUV_WORD.search(text)) or any(key in self.codes for key in keys) or _is_ours(keys)

    def _keys(self, segment: Segment, field: int) -> list[Key]:
        codings = codings_of(segment, field)
        return [self.systems.key(coding.code, coding.system) for coding in codings if coding.code]


def _is_ours(keys: Iterable[Key]) -> bool:
    return any(system == fold(OUR_SYSTEM) for _, system in keys)
