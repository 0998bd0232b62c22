"""A mapping of FHIR reports compiled once at load: paths, codes of lesions, and the conditions of its rules."""

from collections.abc import Iterable
from dataclasses import dataclass

from adapter.fhir.fhirpath import FhirPath, compile_path
from adapter.mapping.codebook import Entry
from adapter.mapping.codes import Key
from adapter.mapping.consistency import every_rule
from adapter.mapping.fhir_rows.form import FhirRows
from adapter.mapping.fhir_rows.requirement import FhirRequirement
from adapter.mapping.form import Header, Mapping
from adapter.mapping.plan import Plan
from adapter.mapping.readers import Reader, reader

Codings = tuple[tuple[str, str], ...]
"""Code and system of each coding of a concept, as sent."""

DEFAULTS: dict[str, tuple[str, ...]] = {
    "accession": (
        "identifier.where(type.coding.where(code = 'ACSN').exists())",
        "basedOn.identifier.where(type.coding.where(code = 'ACSN').exists())",
        "basedOn.resolve().identifier.where(type.coding.where(code = 'ACSN').exists())",
        "identifier",
    ),
    "order": (
        "basedOn.identifier.where(type.coding.where(code = 'PLAC').exists())",
        "basedOn.resolve().identifier.where(type.coding.where(code = 'PLAC').exists())",
    ),
    "acquired": ("effective",),
    "issued": ("issued", "meta.lastUpdated"),
}
"""Where the header's facts stand in R4, for a mapping that says nothing else (HL7 table 0203: ACSN, PLAC)."""

STATUS_PATH = "status"


@dataclass(frozen=True, slots=True)
class Sourced:
    """A reader with the path that it reads, None for a constant, and the conditions of its rule."""

    reader: Reader
    path: FhirPath | None
    requirements: tuple[FhirRequirement, ...]


@dataclass(frozen=True, slots=True)
class HeaderPaths:
    """The compiled paths of the header."""

    accession: tuple[FhirPath, ...]
    order: tuple[FhirPath, ...]
    acquired: tuple[FhirPath, ...]
    issued: tuple[FhirPath, ...]
    status: FhirPath


@dataclass(frozen=True, slots=True)
class FhirPlan:
    """What reading a FHIR report needs of a mapping, beside what all formats need (``plan``)."""

    plan: Plan
    rows: FhirRows
    key: FhirPath | None
    header: HeaderPaths
    authorities: dict[str, str]
    lesion_codes: frozenset[Key]
    report_paths: tuple[Sourced, ...]
    lesion_paths: tuple[Sourced, ...]
    conditions: dict[tuple[str, int], tuple[FhirRequirement, ...]]
    match: tuple[FhirRequirement, ...]

    def entry(self, codings: Codings) -> Entry:
        """Turn the codings of a code into what the mapping knows of it."""
        return self.plan.codebook.entry_of(codings)

    def is_lesion(self, codings: Codings) -> bool:
        """Is it the code of an Observation that is a lesion?"""
        key = self.plan.surroundings.systems.key
        return bool(self.lesion_codes) and any(key(*coding) in self.lesion_codes for coding in codings)

    def requirements(self, reader: Reader) -> tuple[FhirRequirement, ...]:
        """Turn a reader into the conditions of its rule."""
        return self.conditions.get((reader.name, reader.rank), ())


def compile_fhir_plan(mapping: Mapping, plan: Plan) -> FhirPlan | None:
    """Turn a mapping that holds together, with its plan, into its plan for FHIR; None for one that reads HL7 v2."""
    rows = mapping.rows
    if not isinstance(rows, FhirRows):
        return None
    systems = plan.surroundings.systems
    sourced = list(_sourced(mapping, plan))
    return FhirPlan(
        plan,
        rows,
        compile_path(rows.key) if rows.key else None,
        _header(mapping.header),
        {system: name for name, systems_of in rows.authorities.items() for system in systems_of},
        frozenset(map(systems.key_of, rows.lesion)),
        tuple(one for one in sourced if not one.reader.codes and not one.reader.of_row),
        tuple(one for one in sourced if not one.reader.codes and one.reader.of_row),
        {(one.reader.name, one.reader.rank): one.requirements for one in sourced if one.requirements},
        tuple(FhirRequirement(condition.path, condition.any_of, systems) for condition in mapping.match),
    )


def _sourced(mapping: Mapping, plan: Plan) -> Iterable[Sourced]:
    systems = plan.surroundings.systems
    for path, fact, rule in every_rule(mapping):
        requirements = tuple(FhirRequirement(at, wanted, systems) for at, wanted in rule.when.items())
        source = compile_path(rule.fhirpath) if rule.fhirpath else None
        yield Sourced(reader(path, fact, rule, plan.surroundings), source, requirements)


def _header(header: Header) -> HeaderPaths:
    """The paths that the mapping states, and R4's own where it states none."""
    stated = header.model_fields_set
    chosen = {name: getattr(header, name) if name in stated else paths for name, paths in DEFAULTS.items()}
    compiled = {name: tuple(map(compile_path, paths)) for name, paths in chosen.items()}
    status = header.status.field if "field" in header.status.model_fields_set else STATUS_PATH
    return HeaderPaths(**compiled, status=compile_path(status))
