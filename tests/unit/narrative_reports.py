"""Dictated reports, and a mapping that reads them, for the tests of prose."""

from mapping_messages import BEGIN, END, report, site, site_oru

ROWS = r"""
rows:
  kind: narrative
  review: always
  obx: [GDT^^L]
  sections:
    findings: {headings: [FINDINGS, "BEFUND:"]}
    impression: {obx: [IMP^^L], headings: [IMPRESSION]}
    technique: {headings: [TECHNIQUE]}
  patterns:
    - sections: [findings]
      row: 'Lesion (?P<row>[0-9]+): (?P<where>[a-z]+), SUVmax (?P<suv>\d+(?:\.\d+)?)(?:, (?P<call>avid|not avid))?\.?'
    - sections: [findings, impression]
      row: 'Lesion (?P<row>[0-9]+) is (?P<call>avid|not avid)\.'
    - report: '(?P<all>All lesions are listed|Not all lesions are listed)\.'
    - report: '(?P<none>No tumour uptake)\.'
  negations: ['\bno evidence of\b', '\bresolved\b']
  ignored: ['Normal elsewhere\.']
report:
  lesions_complete: {group: all, lookup: complete}
  no_tumour_uptake: {group: none, lookup: nothing}
lesion:
  nature: {const: tumour}
  site: {group: where, lookup: sites}
  suv: {group: suv, unit: g/mL}
  uptake: {group: call, lookup: calls}
"""
PROSE = (
    BEGIN
    + ROWS.lstrip()
    + END.replace("LIV:", "liver:")
    + """\
  calls: {avid: positive, not avid: negative}
  complete: {All lesions are listed: "yes", Not all lesions are listed: "no"}
  nothing: {No tumour uptake: "yes"}
"""
)


def mapping(*pairs):
    text = PROSE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return site(text)


PLAIN = mapping()
BREAK = "\\.br\\"


def prose(*lines, code="GDT^^L", kind="FT", status="F"):
    return (kind, code, "", BREAK.join(lines), "", status)


def dictated(*lines):
    return site_oru(prose("FINDINGS:", *lines))


def read(message, by=PLAIN):
    return report(message, by)


LIVER = "Lesion 1: liver, SUVmax 8.4, avid."
NODE = "Lesion 2: node, SUVmax 3, not avid."
