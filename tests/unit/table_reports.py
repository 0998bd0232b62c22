"""Reports with a table inside a text, and a mapping that reads them, for the tests of tables."""

from mapping_messages import BEGIN, END, SITE_OBR, outcome, report, site, site_oru

from adapter.outcome import Held

ROWS = """\
rows:
  kind: obx-table
  obx: [TAB^^99STE]
  separator: ";"
  columns:
    where: [Site, Organ]
    suv: [SUVmax, SUV max]
    size: {names: [Size], optional: true}
    call: [Uptake]
lesion:
  nature: {const: tumour}
  site: {column: where, lookup: sites}
  suv: {column: suv, unit: g/mL}
  size_mm: {column: size, unit: mm}
  uptake: {column: call}
"""
TABLE = BEGIN + ROWS + END
HEADER = "Site;SUVmax [g/mL];Uptake"


def mapping(*pairs, more=""):
    text = TABLE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return site(text + more)


PLAIN = mapping()


def text(*lines, kind="FT", status="F"):
    return (kind, "TAB^^99STE", "", "\\.br\\".join(lines), "", status)


def table(*lines, **facts):
    return site_oru(text(*lines, **facts), head=SITE_OBR)


def rows(message, *mappings):
    return report(message, *(mappings or (PLAIN,))).rows


def rule_of(message, *mappings):
    found = outcome(message, *(mappings or (PLAIN,)))
    assert isinstance(found, Held), found
    return found.problem.value, str(found.place), found.rule
