"""One mapping file, read, checked and compiled: what a message is read by, and what Provenance names."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from adapter.fhir.unit import Unit
from adapter.hl7v2.message import Message
from adapter.mapping.consistency import findings
from adapter.mapping.errors import MappingFileError
from adapter.mapping.fhir_rows.plan import FhirPlan, compile_fhir_plan
from adapter.mapping.fhir_rows.scope import matches
from adapter.mapping.form import Mapping
from adapter.mapping.form_faults import form_faults
from adapter.mapping.loader import read_tree
from adapter.mapping.paths import Requirement
from adapter.mapping.plan import Plan, compile_plan
from adapter.mapping.watch import Watch

_NO_PART_OF_THE_DIGEST = frozenset({"status", "approval"})
"""Who approves signs the digest of what will run: approving must not change it."""


@dataclass(frozen=True, slots=True)
class SiteMapping:
    """A mapping ready for use. ``sha256`` is that of its content: comments, layout and its approval do not matter.

    ``fhir`` is the plan of one that reads FHIR; ``conditions`` are those of one that reads HL7 v2.
    """

    file: str
    form: Mapping
    plan: Plan
    sha256: str
    conditions: tuple[Requirement, ...]
    fhir: FhirPlan | None = None

    @property
    def name(self) -> str:
        """Its id and version, as logs and pages give them."""
        return f"{self.form.id}@{self.form.version}"

    @property
    def is_active(self) -> bool:
        """May it read messages?"""
        return self.form.status == "active"

    @property
    def is_retired(self) -> bool:
        """Is it kept for the record alone?"""
        return self.form.status == "retired"

    def watched(self) -> tuple["SiteMapping", Watch]:
        """Turn it into one that tells, each time it reads a message, which of its parts were touched."""
        watch = Watch()
        plan = compile_plan(self.form, watch)
        return replace(self, plan=plan, fhir=compile_fhir_plan(self.form, plan)), watch

    def matches(self, message: Message) -> bool:
        """Does the message fulfil every condition of ``match``?"""
        return self.fhir is None and all(condition.holds_anywhere(message) for condition in self.conditions)

    def owns(self, unit: Unit) -> bool:
        """Does the FHIR report fulfil every condition of ``match``?"""
        return self.fhir is not None and matches(unit, self.fhir)


def site_mapping(content: bytes, file: str) -> SiteMapping:
    """Turn a file's bytes into its mapping; raises MappingFileError with every fault, each with line and column."""
    tree = read_tree(content, file)
    try:
        form = Mapping.model_validate(tree.root)
    except ValidationError as error:
        raise MappingFileError(form_faults(tree, error)) from None
    faults = {tree.fault(path, text) for path, text in findings(form)}
    if faults:
        raise MappingFileError(faults)
    plan = compile_plan(form)
    fhir = compile_fhir_plan(form, plan)
    conditions = () if fhir else tuple(_conditions(form, plan))
    return SiteMapping(file, form, plan, content_digest(tree.root), conditions, fhir)


def _conditions(form: Mapping, plan: Plan) -> Iterator[Requirement]:
    systems = plan.surroundings.systems
    return (Requirement(condition.path, condition.any_of, systems) for condition in form.match)


def content_digest(root: dict[str, Any]) -> str:
    """Turn a mapping's tree into the sha256 of its canonical form: JSON of text alone, keys sorted."""
    content = {key: value for key, value in root.items() if key not in _NO_PART_OF_THE_DIGEST}
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
