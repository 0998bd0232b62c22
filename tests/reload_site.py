"""A hospital whose mapping is changed while the service runs: the mapping of before, that of after, two messages."""

OLD = """\
schema: netpet-mapping/1
id: st-elsewhere
version: 1.2.0
status: active
owner: integration@st-elsewhere.example
approval: {by: "Dr A. Reader", on: "2026-10-02", ticket: CHG0042}
match: [{path: MSH-4.1, in: [STELSE]}]
own_systems: [99STE]
header:
  zone: Europe/Berlin
  tracer: {field: OBR-4, lookup: tracers, required: true}
rows: {kind: obx-subid, key: {parts: 1}}
lesion:
  nature: {obx: [LESCLASS^^99STE], lookup: nature, required: true}
  suv: {obx: [SUVMAX^^99STE], unit: g/mL}
  site: {obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}
tables:
  tracers: {PETGA68^^99STE: 68Ga-DOTATATE, PETFDG^^99STE: 18F-FDG}
  nature: {MAL: tumour, EQ: uncertain, PHYS: not-tumour}
  sites: {LIV: "10200004", NODE: "59441001"}
"""

NEW = OLD.replace("1.2.0", "1.3.0").replace("LESSITE", "LESPLACE")
"""The hospital gave a code another name."""

_MSH = r"MSH|^~\&|RIS|STELSE|NETPET|HOSP|20261120101500+0100||ORU^R01^ORU_R01|{id}|P|2.5.1||||||UNICODE UTF-8"
_PID = "PID|1||123456^^^HOSP^MR||DOE^JANE||19600101|F"
_OBR = "OBR|1|PL1^RIS|{accession}^RIS|{procedure}^^99STE|||20261119100500+0100||||||||||||||||||F"
_LESION = ("CWE|LESCLASS^^99STE|1|MAL^^99STE|", "NM|SUVMAX^^99STE|1|8|g/mL")


def _message(id_: str, accession: str, procedure: str, *observations: str) -> bytes:
    lines = [_MSH.format(id=id_), _PID, _OBR.format(accession=accession, procedure=procedure)]
    return "\r".join([*lines, *(f"OBX||{one}|||||F" for one in observations)]).encode()


SSTR = _message("MSG1", "ACC-1", "PETGA68", *_LESION)
FDG = _message("MSG2", "ACC-2", "PETFDG", *_LESION)
WITH_NEW_CODE = _message("MSG3", "ACC-3", "PETGA68", *_LESION, "CWE|LESPLACE^^99STE|1|LIV^^99STE|")
