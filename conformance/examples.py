"""Writes the examples: what the program makes of fixtures, each score's resources as one collection Bundle.

``python conformance/examples.py`` writes them to ``conformance/examples``; a test holds them to what the program makes.
"""

import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from adapter.fhir.json_text import to_json
from adapter.fhir.rendering import Rendering
from adapter.fhir.resource import Resource
from adapter.mapping.catalogue import MappingSet
from adapter.publication import Delivered, Publication, Site, desire
from adapter.reading import KeptMessage, Read, read
from adapter.scoring.report import KeptReport, Source
from adapter.scoring.result import Policy
from adapter.scoring.versions import current_reports
from adapter.settings import shipped_folder

EXAMPLES = Path(__file__).parent / "examples"
CASES = {
    "p0": "vector_p0_both_reports_say_no_uptake",
    "p2b": "vector_p2b_three_lesions",
    "p5": "vector_certain_p5_beside_unknown",
    "not-scorable": "intervening_therapy_yes",
    "corrected": "corrected_fdg",
    "retracted": "retracted_fdg",
}
"""Example -> the fixture that it is made of."""
RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = Site(Policy(), Rendering(software_version="0.1.0"))


def example(name: str) -> Resource:
    """Turn an example's name into its Bundle: the messages of its fixture, read, paired, scored and rendered."""
    folder = shipped_folder("fixtures") / "oru_r01" / CASES[name]
    mappings = MappingSet.load(shipped_folder("mappings"))
    reports: list[KeptReport] = []
    standing: list[Delivered] = []
    for sequence, file in enumerate(sorted(folder.glob("*.hl7")), start=1):
        reports += _reports(file, sequence, mappings)
        published = _published(reports, standing)
        standing = [Delivered(one.score_id, one.digest, one.state, one.resources) for one in published]
    (score,) = [one for one in published if one.resources]
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in score.resources]
    return {"resourceType": "Bundle", "id": f"netpet-{name}", "type": "collection", "entry": entries}


def _reports(file: Path, sequence: int, mappings: MappingSet) -> list[KeptReport]:
    raw = file.read_bytes()
    digest = sha256(raw).hexdigest()
    control_id = file.stem
    message = KeptMessage(control_id, sequence, "mllp", "hl7v2", raw, RECEIVED, control_id, "P", "", digest)
    said = read(message, mappings)
    if not isinstance(said, Read):
        raise TypeError(f"{file.name} is no report")
    source = Source(
        control_id, control_id, digest, RECEIVED, said.mapping_id, said.mapping_version, said.mapping_sha256
    )
    return [KeptReport(report, source, sequence) for report in said.reports]


def _published(reports: list[KeptReport], standing: list[Delivered]) -> list[Publication]:
    patient = reports[0].report.patient.key
    return desire(patient, current_reports(reports), standing, SITE, RECEIVED)


def main() -> int:
    """Write every example; the return value is the exit code."""
    EXAMPLES.mkdir(exist_ok=True)
    for name in CASES:
        (EXAMPLES / f"Bundle-netpet-{name}.json").write_bytes(to_json(example(name)) + b"\n")
        print(f"wrote examples/Bundle-netpet-{name}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
