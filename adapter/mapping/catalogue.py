"""All mappings of a site, loaded together or not at all; exactly one active mapping owns a message, or none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adapter.fhir.unit import Unit
from adapter.hl7v2.message import Message
from adapter.mapping.errors import MappingFault, MappingFileError
from adapter.mapping.fhir_rows.own import is_own_report
from adapter.mapping.fhir_rows.relevance import may_concern
from adapter.mapping.own_score import is_own_score
from adapter.mapping.selection import Relevance
from adapter.mapping.site_mapping import SiteMapping, site_mapping
from adapter.outcome import Held, Ignored, Place, Problem

_TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True, slots=True)
class MappingSet:
    """The mappings that stand together; immutable, so that a message keeps the set it began with."""

    mappings: tuple[SiteMapping, ...]
    relevance: Relevance = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "relevance", Relevance.of(self.mappings))

    @classmethod
    def load(cls, directory: Path) -> "MappingSet":
        """Turn a directory of ``*.yaml`` (tests beside them left out) into a set; reads it once, at the start.

        Raises MappingFileError naming every fault of every file.
        """
        mappings: list[SiteMapping] = []
        faults: list[MappingFault] = []
        for path in sorted(directory.glob("*.yaml")):
            if path.name.endswith(_TEST_SUFFIX):
                continue
            try:
                mappings.append(site_mapping(path.read_bytes(), path.name))
            except MappingFileError as error:
                faults += error.faults
            except OSError as error:
                faults.append(MappingFault(path.name, 0, 0, f"the file cannot be read: {error.strerror}"))
        faults += _faults_between(mappings)
        if not mappings and not faults:
            faults.append(MappingFault(str(directory), 0, 0, "there is no mapping (*.yaml) in this directory"))
        if faults:
            raise MappingFileError(faults)
        return cls(tuple(mappings))

    @property
    def active(self) -> tuple[SiteMapping, ...]:
        """The mappings that may read messages."""
        return tuple(mapping for mapping in self.mappings if mapping.is_active)

    @property
    def authorities(self) -> dict[str, str]:
        """The names that the active mappings have for identifier systems, for what orders work before it is read."""
        plans = [mapping.fhir for mapping in self.active if mapping.fhir is not None]
        return {system: name for plan in reversed(plans) for system, name in plan.authorities.items()}

    def owner_of(self, message: Message) -> SiteMapping | Held | Ignored:
        """Turn a message into the one active mapping that owns it.

        Held when two do, or when none does though the message may be a dual-PET report; ignored only when it plainly is
        none, or a score of ours that came back.
        """
        if is_own_score(message, self.relevance.codes):
            return Ignored("a score of this program that came back")
        owners = [mapping for mapping in self.active if mapping.matches(message)]
        owner = _one_of(owners, Place("MSH"))
        return _unowned(Place("MSH"), is_ours=self.relevance.may_concern(message)) if owner is None else owner

    def owner_of_unit(self, unit: Unit) -> SiteMapping | Held | Ignored:
        """Turn a FHIR report into the one active mapping that owns it; held and ignored as a message is."""
        if is_own_report(unit):
            return Ignored("a score of this program that came back")
        place = Place(path=unit.report.path)
        owners = [mapping for mapping in self.active if mapping.owns(unit)]
        owner = _one_of(owners, place)
        return _unowned(place, is_ours=may_concern(self.relevance, unit)) if owner is None else owner


def _one_of(owners: list[SiteMapping], place: Place) -> SiteMapping | Held | None:
    if len(owners) > 1:
        names = ", ".join(owner.name for owner in owners)
        return Held(Problem.SEVERAL_MAPPINGS, place, f"more than one active mapping owns it: {names}")
    return owners[0] if owners else None


def _unowned(place: Place, *, is_ours: bool) -> Held | Ignored:
    if is_ours:
        return Held(Problem.NO_MAPPING, place, "no active mapping owns it, and it may be a dual-PET report")
    return Ignored()


def _faults_between(mappings: list[SiteMapping]) -> Iterator[MappingFault]:
    """Two active mappings of one id, or one version twice, leave open which of them speaks."""
    active = Counter(mapping.form.id for mapping in mappings if mapping.is_active)
    versions = Counter(mapping.name for mapping in mappings)
    for mapping in mappings:
        if versions[mapping.name] > 1:
            yield MappingFault(mapping.file, 0, 0, f"{mapping.name} stands in two files: raise the version of one")
        elif mapping.is_active and active[mapping.form.id] > 1:
            yield MappingFault(mapping.file, 0, 0, f"two mappings of id {mapping.form.id} are active: retire one")
