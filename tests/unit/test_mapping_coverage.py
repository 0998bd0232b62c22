"""What of a mapping its cases touch; only a case that holds proves anything."""

import pytest
from mapping_messages import SITE, obr, oru, site

from adapter.mapping.cases import read_cases
from adapter.mapping.coverage import coverage

MSH = r"MSH|^~\&|RIS|STELSE|NETPET|HOSP|20261120101500+0100||ORU^R01|1|P|2.5.1"
MALIGNANT = ("CWE", "LESCLASS^^99STE", "1", "MAL^^99STE")


def message(*observations, procedure="PETGA68^Ga68 PET^99STE"):
    return oru(*observations, head=obr(procedure=procedure), msh=MSH)


def covered(*cases, mapping=SITE):
    """What cases, each a message and what is expected of it, touch."""
    files = {f"{number}.hl7": sent for number, (sent, _) in enumerate(cases)}
    lines = [
        f"  - {{name: c{number}, input: {number}.hl7, expect: {expect}}}\n" for number, (_, expect) in enumerate(cases)
    ]
    text = "schema: netpet-mapping-test/1\ncases:\n" + "".join(lines)
    return coverage(site(mapping), read_cases(text.encode(), "x")[0], lambda name: files[name].encode())


READ = "{state: read}"
HELD = "{state: held}"


def test_a_mapping_without_tests_is_not_touched():
    found = coverage(site(SITE), None, lambda _: b"")
    assert found.rules.percent == 0
    assert found.cases == 0
    assert not found.is_enough


def test_rules_and_entries_are_touched_by_what_is_sent():
    found = covered((message(MALIGNANT, ("NM", "SUVMAX^^99STE", "1", "9", "g/mL")), READ))
    assert found.rules.untouched == (("lesion", "site", 0),)
    assert found.rules.percent == 75
    assert ("tables", "nature", "MAL") not in found.entries.untouched
    assert ("tables", "nature", "EQ") in found.entries.untouched


def test_a_case_that_fails_touches_nothing():
    found = covered((message(MALIGNANT), HELD))
    assert found.failed == 1
    assert ("lesion", "nature", 0) in found.rules.untouched


def test_a_required_value_needs_a_case_without_it():
    with_all = (message(MALIGNANT), READ)
    without_tracer = (message(MALIGNANT, procedure=""), HELD)
    without_nature = (message(("NM", "SUVMAX^^99STE", "1", "9", "g/mL")), HELD)
    assert len(covered(with_all).required.untouched) == 2
    assert covered(with_all, without_tracer, without_nature).required.untouched == ()


def test_all_rules_and_each_required_are_enough():
    site_known = ("CWE", "LESSITE^^99STE", "1", "LIV^^99STE")
    found = covered(
        (message(MALIGNANT, site_known, ("NM", "SUVMAX^^99STE", "1", "9", "g/mL")), READ),
        (message(MALIGNANT, procedure=""), HELD),
        (message(site_known), HELD),
    )
    assert found.is_enough
    assert found.shares["rules"].percent == 100


SIGNS = [
    ("unknown_code", ("CWE", "LESCLASS^^99STE", "2", "NEW^^99STE")),
    ("own_obx", ("CWE", "NEW^^99STE", "1", "x")),
    ("unused_obx", ("CWE", "NEW^^LN", "1", "x")),
    ("missing_unit", ("NM", "SUVMAX^^99STE", "1", "9")),
    ("equal_repeat", MALIGNANT),
]


@pytest.mark.parametrize(("doubt", "sent"), SIGNS)
@pytest.mark.parametrize("leads_to", ["flag", "hold"])
def test_each_doubt_is_known_by_the_sign_it_leaves(doubt, sent, leads_to):
    """What a reading says of a doubt and what coverage looks for are held together here."""
    mapping = SITE + f"doubts: {{{doubt}: {leads_to}}}\n"
    found = covered((message(MALIGNANT, sent), "{ack: AA}"), mapping=mapping)
    assert ("doubts", doubt) not in found.doubts.untouched
    nothing = covered((message(MALIGNANT), "{ack: AA}"), mapping=mapping)
    assert ("doubts", doubt) in nothing.doubts.untouched


def test_doubts_that_cannot_arise_are_not_asked_for():
    text = SITE.replace("own_systems: [99STE]\n", "").replace("  suv: {obx: [SUVMAX^^99STE], unit: g/mL}\n", "")
    assert {path[1] for path in covered((message(MALIGNANT), READ), mapping=text).doubts.parts} == {
        "unknown_code",
        "unused_obx",
        "equal_repeat",
    }


def test_what_a_rule_says_of_all_other_values_or_of_none_is_a_part_of_its_own():
    text = SITE.replace("lookup: nature, required: true}", "lookup: nature, otherwise: uncertain, absent: uncertain}")
    parts = covered((message(MALIGNANT), READ), mapping=text).rules
    assert {path[3] for path in parts.untouched if len(path) > 3} == {"otherwise", "absent"}
    other = ("CWE", "LESCLASS^^99STE", "1", "NEW^^99STE")
    bare = ("NM", "SUVMAX^^99STE", "2", "9", "g/mL")
    touched = covered((message(other, bare), READ), mapping=text).rules
    assert not [path for path in touched.untouched if len(path) > 3]
