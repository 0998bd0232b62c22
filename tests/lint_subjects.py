"""A mapping in which lint finds nothing, with its tests; and what lint finds once a line of either is exchanged."""

from datetime import date

from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import run_cases
from adapter.mapping.coverage import coverage
from adapter.mapping.lint.run import lint
from adapter.mapping.lint.subject import Subject, Tested
from adapter.mapping.loader import read_tree
from adapter.mapping.site_mapping import site_mapping

TODAY = date(2026, 11, 22)

CLEAN = """\
schema: netpet-mapping/1
id: st-clean
version: 1.2.0
status: active
owner: integration@st-clean.example
approval: {by: "Dr A. Reader", on: "2026-10-02", ticket: CHG0042}
match: [{path: OBX-3, in: [CLASS^^99STC, LESID^^99STC]}]
own_systems: [99STC]
header:
  patient: {prefer: [MR]}
  accession: [OBR-3]
  acquired: [OBR-7]
  status: {field: OBR-25, lookup: states}
  zone: Europe/Berlin
  tracer: {field: OBR-4, lookup: tracers, required: true}
report:
  therapy: {obx: [THER^^99STC], lookup: therapy}
  liver_suv: {obx: [LIVSUV^^99STC], type: SUVbw, unit: "g/mL{SUVbw}"}
rows: {kind: obx-subid, key: {parts: 1}}
lesion:
  tracking_id: {obx: [LESID^^99STC]}
  site: {obx: [SITE^^99STC], lookup: sites}
  laterality: {obx: [SIDE^^99STC], lookup: sides}
  size_mm: {obx: [SIZE^^99STC], unit: mm}
  nature: {obx: [CLASS^^99STC], lookup: nature, required: true}
  count: {obx: [COUNT^^99STC], lookup: counts}
  uptake: {obx: [CALL^^99STC], lookup: calls}
  suv: {obx: [SUVMAX^^99STC], type: SUVbw, unit: "g/mL{SUVbw}"}
tables:
  states: {F: final, P: preliminary}
  tracers: {PETGA^^99STC: 68Ga-DOTATATE, PETFDG^^99STC: 18F-FDG}
  therapy: {"Y": "yes"}
  sites: {LIV: "10200004"}
  sides: {L^Left^99STC: "7771000"}
  nature: {MAL: tumour}
  counts: {multiple: ">=2"}
  calls: {POS: positive, NEG: negative}
units:
  mm: [millimetre]
"""


def _oru(procedure, accession, *observations, status="F"):
    head = r"MSH|^~\&|RIS|STC|NETPET|HOSP|20261120101500+0100||ORU^R01|1|P|2.5.1"
    obr = f"OBR|1|PL|{accession}|{procedure and procedure + '^x^99STC'}|||20261119100500+0100||||||||||||||||||{status}"
    lines = [f"OBX|{number}|{one}|||||F" for number, one in enumerate(observations, start=1)]
    return "\n".join(f"        {line}" for line in [head, "PID|1||1^^^HOSP^MR", obr, *lines])


_ID, _CLASS, _SITE = "ST|LESID^x^99STC|1|L1|", "CWE|CLASS^x^99STC|1|MAL^x^99STC|", "CWE|SITE^x^99STC|1|LIV^x^99STC|"
_SSTR = (
    "CWE|THER^x^99STC||Y^x^99STC|",
    "NM|LIVSUV^x^99STC||5|g/mL{SUVbw}",
    _ID,
    _CLASS,
    _SITE,
    "CWE|SIDE^x^99STC|1|L^x^99STC|",
    "NM|SIZE^x^99STC|1|12|mm",
    "ST|COUNT^x^99STC|1|multiple|",
    "CWE|CALL^x^99STC|1|POS^x^99STC|",
    "NM|SUVMAX^x^99STC|1|20|g/mL{SUVbw}",
)
_PLAIN = (_ID, _CLASS, "CWE|CALL^x^99STC|1|POS^x^99STC|")
_FDG = (_ID, _CLASS, "CWE|CALL^x^99STC|1|NEG^x^99STC|")

CASES = f"""\
schema: netpet-mapping-test/1
cases:
  - name: all that a report may say
    input:
      - |
{_oru("PETGA", "A1", *_SSTR)}
    expect: {{state: read}}
  - name: a pair
    input:
      - |
{_oru("PETGA", "A1", *_PLAIN)}
      - |
{_oru("PETFDG", "A2", *_FDG)}
    expect: {{grade: P1}}
  - name: not finished
    input:
      - |
{_oru("PETGA", "A1", *_PLAIN, status="P")}
    expect: {{report: {{status: preliminary}}}}
  - name: a row that does not say what it is
    input:
      - |
{_oru("PETGA", "A1", _ID)}
    expect: {{state: held}}
  - name: a study that does not say with which tracer
    input:
      - |
{_oru("", "A1", *_PLAIN)}
    expect: {{ack: AA}}
"""


def subject(text=CLEAN, cases=CASES, *, versions=None, file="st-clean.yaml"):
    """A mapping and its tests (None: it has none) as lint sees them; the version is recorded unless told otherwise."""
    mapping = site_mapping(text.encode(), file)
    recorded = {mapping.name: mapping.sha256} if versions is None else versions
    tested = None if cases is None else _tested(mapping, cases, file)
    return Subject(mapping, read_tree(text.encode(), file), text, tested, recorded, TODAY)


def _tested(mapping, cases, file):
    read, tree = read_cases(cases.encode(), file.replace(".yaml", ".test.yaml"))
    results = tuple(result for result, _ in run_cases(read, mapping, fetch))
    return Tested(read, tree, results, coverage(mapping, read, fetch), fetch)


def fetch(name):
    raise FileNotFoundError(2, f"No such file: {name}")


def exchanged(*edits, text=CLEAN):
    """The text with some of its pieces exchanged, each of which must stand there."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def found(*edits, rule, **how):
    """The findings of one rule in the clean mapping with some pieces exchanged."""
    return [one for one in lint(subject(exchanged(*edits), **how)) if one.id == rule]
