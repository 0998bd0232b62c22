"""Synthetic ORU messages, and the mappings that read them, for the tests of mapping."""

import sys
import time
from functools import cache
from pathlib import Path

from reload_site import OLD as SITE

from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction, read_message
from adapter.mapping.site_mapping import SiteMapping, site_mapping
from adapter.outcome import Held, Ignored
from adapter.scoring.report import PetReport, ReportRow

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"

MSH = r"MSH|^~\&|RIS|NUCMED|NETPET|HOSP|20261120101500+0100||ORU^R01^ORU_R01|MSG00001|P|2.5.1||||||UNICODE UTF-8"
PID = "PID|1||123456^^^HOSP^MR||DOE^JANE||19600101|F"

FDG = ("CWE", "123001^Radiopharmaceutical^DCM", "", "35321007^Fluorodeoxyglucose F-18^SCT")
SSTR = ("CWE", "123001^Radiopharmaceutical^DCM", "", "724025002^Gallium Ga-68 dotatate^SCT")
POSITIVE = ("CWE", "uptake^Uptake^99NETPET", "1", "10828004^Positive^SCT")
NEGATIVE = ("CWE", "uptake^Uptake^99NETPET", "1", "260385009^Negative^SCT")


def own(code, row, value, kind="ST", status="F"):
    """An OBX of the project's own code system."""
    return (kind, f"{code}^x^99NETPET", row, value, "", status)


def obr(accession="ACC-1^RIS", status="F", time="20261119100500+0100", procedure="81555-5^PET^LN"):
    return f"OBR|1|PL1^RIS|{accession}|{procedure}|||{time}||||||||||||||||||{status}"


def obx(kind, code, row, value, unit="", status="F"):
    return f"OBX||{kind}|{code}|{row}|{value}|{unit}|||||{status}"


ONE_OBR = obr()


def oru(*observations, head=ONE_OBR, pid=PID, msh=MSH):
    """One message with one OBR group."""
    return "\r".join([msh, pid, head, *(obx(*one) for one in observations)])


def groups(*parts, pid=PID, msh=MSH):
    """One message of several groups: each part an OBR line followed by its observations."""
    lines = [msh, pid]
    for head, *observations in parts:
        lines += [head, *(obx(*one) for one in observations)]
    return "\r".join(lines)


@cache
def canonical() -> MappingSet:
    return MappingSet((site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml"),))


def site(text: str) -> SiteMapping:
    return site_mapping(text.encode(), "site.yaml")


def outcome(message: str, *mappings: SiteMapping) -> Extraction | Held | Ignored:
    """What becomes of a message by the given mappings, or by the canonical one."""
    return read_message(Message.parse(message), MappingSet(mappings) if mappings else canonical())


def reports(message: str, *mappings: SiteMapping) -> tuple[PetReport, ...]:
    found = outcome(message, *mappings)
    assert isinstance(found, Extraction), found
    return found.reports


def report(message: str, *mappings: SiteMapping) -> PetReport:
    (found,) = reports(message, *mappings)
    return found


def row(message: str, *mappings: SiteMapping) -> ReportRow:
    (found,) = report(message, *mappings).rows
    return found


def held(message: str, *mappings: SiteMapping) -> tuple[str, str]:
    """The problem and the place for which a message is held."""
    found = outcome(message, *mappings)
    assert isinstance(found, Held), found
    return found.problem.value, str(found.place)


def seconds(work, runs=3):
    """The least time that a piece of work takes; tracing for coverage makes it ten times slower, and is taken out."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) / (1 if sys.gettrace() is None else 10)


BEGIN, END = SITE[: SITE.index("rows:")], SITE[SITE.index("tables:") :]
"""SITE before its rows, and from its tables on."""
SITE_MSH = MSH.replace("NUCMED", "STELSE")
SITE_OBR = obr(procedure="PETGA68^Ga68 PET^99STE")
MALIGNANT = ("CWE", "LESCLASS^^99STE", "1", "MAL^^99STE")


def site_oru(*observations, head=SITE_OBR, msh=SITE_MSH):
    """One message in the dialect of SITE."""
    return oru(*observations, head=head, msh=msh)


def changed(**parts: str) -> SiteMapping:
    """SITE with some of its lines exchanged: each key is the beginning of a line, or a new top-level part."""
    lines = SITE.splitlines()
    for key, text in parts.items():
        found = [index for index, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
        if found:
            indent = len(lines[found[0]]) - len(lines[found[0]].lstrip())
            lines[found[0]] = f"{' ' * indent}{key}: {text}"
        else:
            lines.append(f"{key}: {text}")
    return site("\n".join(lines) + "\n")


def with_facts(*lines, more=""):
    """SITE with further lines among the lesion's facts, and further parts at its end."""
    added = "".join(f"  {line}\n" for line in lines)
    return site(SITE.replace("tables:\n", f"{added}tables:\n", 1) + more)
