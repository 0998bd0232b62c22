"""A watched mapping tells which of its parts a message touched, and where; one without a watch knows nothing of it."""

from mapping_messages import FDG, MAPPINGS, POSITIVE, SITE, SSTR, obr, oru, own, site

from adapter.mapping.cases_reading import read_input
from adapter.mapping.cases_run import alone
from adapter.mapping.site_mapping import site_mapping

ROW = ("lesion", "nature", 0, "absent")


def touched(message, mapping=None):
    """The parts that a message touched, each with its places."""
    mapping = mapping or site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml")
    watched, watch = mapping.watched()
    read_input(message.encode(), alone(watched))
    found = {}
    for touch in watch.touches:
        found.setdefault(touch.part, []).append(str(touch.place))
    assert set(found) == watch.parts
    watch.clear()
    assert not watch.parts
    return found


def site_message(*observations, procedure="PETGA68^Ga68 PET^99STE"):
    msh = r"MSH|^~\&|RIS|STELSE|NETPET|HOSP|20261120101500+0100||ORU^R01|1|P|2.5.1"
    return oru(*observations, head=obr(procedure=procedure), msh=msh)


MALIGNANT = ("CWE", "LESCLASS^^99STE", "1", "MAL^^99STE")


def test_a_rule_is_touched_at_the_field_of_each_value_it_gave():
    again = ("CWE", "uptake^Uptake^99NETPET", "2", "10828004^Positive^SCT")
    found = touched(oru(SSTR, POSITIVE, again))
    assert found["lesion", "uptake", 0] == ["OBX[2]-5", "OBX[3]-5"]
    assert found["header", "tracer", 0] == ["OBX[1]-5"]


def test_a_table_entry_is_touched_when_it_was_looked_up():
    found = touched(oru(SSTR, POSITIVE))
    assert ("tables", "calls", "10828004^Positive^SCT") in found
    assert ("tables", "calls", "260385009^Negative^SCT") not in found


def test_the_header_is_touched_where_it_was_read_from():
    found = touched(oru(SSTR, POSITIVE))
    assert found["header", "patient"] == ["PID[1]-3"]
    assert found["header", "accession", 0] == ["OBR[1]-3"]
    assert found["header", "acquired", 0] == ["OBR[1]-7"]
    assert found["header", "issued", 1] == ["MSH[1]-7"]


def test_what_stands_for_a_missing_statement_is_touched():
    assert touched(oru(SSTR, POSITIVE))[ROW] == ["OBX[2]"]
    assert ROW not in touched(oru(SSTR, POSITIVE, own("nature", "1", "tumour")))


def test_what_stands_for_every_other_word_is_touched():
    therapy = ("report", "therapy", 0, "otherwise")
    assert therapy in touched(oru(FDG, own("intervening-therapy", "", "one cycle")))
    assert therapy not in touched(oru(FDG, own("intervening-therapy", "", "yes")))


def test_a_constant_and_a_field_are_touched_like_any_other_rule():
    text = SITE.replace("{obx: [LESCLASS^^99STE], lookup: nature, required: true}", "{const: uncertain}")
    found = touched(site_message(("NM", "SUVMAX^^99STE", "1", "9", "g/mL")), site(text))
    assert found["lesion", "nature", 0] == ["OBX[1]"]
    assert found["header", "tracer", 0] == ["OBR[1]-4"]


def test_a_component_is_touched_as_one():
    text = SITE.replace(
        "{obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}", "{component: {obx: [P^^99STE], number: 2}}"
    )
    found = touched(site_message(MALIGNANT, ("ST", "P^^99STE", "1", "a^LIV")), site(text))
    assert found["lesion", "site", 0] == ["OBX[2]-5.2"]


def test_a_status_table_is_touched_too():
    text = SITE.replace("  zone:", "  status: {field: OBR-25, lookup: states}\n  zone:")
    text += "  states: {F: final}\n"
    found = touched(site_message(MALIGNANT), site(text))
    assert ("tables", "states", "F") in found
    assert found["header", "status"] == ["OBR[1]-25"]


def test_a_condition_is_touched_on_the_field_that_fulfils_it():
    text = SITE.replace(
        "{obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}",
        "{obx: [S^^99STE], lookup: sites, when: {OBX-11: [F]}}",
    )
    held = ("lesion", "site", 0, "when", "OBX-11")
    mapping = site(text)
    assert touched(site_message(MALIGNANT, ("ST", "S^^99STE", "1", "LIV")), mapping)[held] == ["OBX[2]-11"]
    assert held not in touched(site_message(MALIGNANT, ("ST", "S^^99STE", "1", "LIV", "", "C")), mapping)
