"""What must hold of every message and every file, whatever stands in it."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st
from mapping_messages import FDG, MSH, PID, SITE, SSTR, canonical, obr, obx, outcome, own, report

from adapter.mapping.errors import MappingFileError
from adapter.mapping.loader import read_tree
from adapter.mapping.message_reading import Extraction, read_message
from adapter.mapping.selection import Relevance
from adapter.mapping.site_mapping import site_mapping
from adapter.outcome import Held, Ignored

ROWS = st.sampled_from(["1", "2", "2.1", "3", "10"])
UPTAKE = st.sampled_from(["10828004", "260385009", "42425007"])

REPORT_FACTS = st.sampled_from(
    [own("lesions-complete", "", "yes"), own("intervening-therapy", "", "no"), own("extent", "", "metastatic")]
)
ROW_FACTS = st.one_of(
    st.builds(lambda row, code: ("CWE", "uptake^^99NETPET", row, f"{code}^x^SCT"), ROWS, UPTAKE),
    st.builds(lambda row, number: own("krenning", row, str(number), "NM"), ROWS, st.integers(0, 4)),
    st.builds(lambda row, suv: ("NM", "126401^^DCM", row, f"{suv}", "g/mL"), ROWS, st.integers(1, 60)),
    st.builds(lambda row, count: own("lesion-count", row, f">=^{count}", "SN"), ROWS, st.integers(1, 9)),
    st.builds(lambda row: own("paired", row, "yes"), ROWS),
)
OTHERS = st.sampled_from([("TX", "GDT^^L", "", "prose"), ("NM", "8302-2^^LN", "", "170", "cm")])
OBSERVATIONS = st.lists(st.one_of(REPORT_FACTS, ROW_FACTS, OTHERS), max_size=25)


def message(observations, extra=()):
    return "\r".join([MSH, PID, obr(), *(obx(*one) for one in observations), *extra])


def essence(found):
    """What a message says, without the segment numbers."""
    if isinstance(found, Extraction):
        return [(one.patient, one.accession, one.study, one.kind, one.rows) for one in found.reports]
    return found.problem


@given(
    OBSERVATIONS.map(lambda some: [FDG, *some]).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some)))
)
def test_the_order_of_observations_does_not_matter(orders):
    first, second = (outcome(message(order)) for order in orders)

    assert essence(first) == essence(second)


@given(OBSERVATIONS, st.lists(st.sampled_from(["ZDS|1.2.3", "NTE|1||note", "CTI|1", "FT1|1", "SPM|1"]), max_size=3))
def test_unknown_segments_do_not_matter(observations, extra):
    plain, dressed = outcome(message([SSTR, *observations])), outcome(message([SSTR, *observations], extra))

    assert essence(plain) == essence(dressed)


@given(OBSERVATIONS)
def test_every_observation_gives_a_fact_or_is_named(observations):
    """Take one observation away: what the message says changes, or it had been named as one that says nothing."""
    sent = [FDG, *observations]
    whole = outcome(message(sent))
    for index in range(len(sent)):
        rest = outcome(message(sent[:index] + sent[index + 1 :]))
        if isinstance(whole, Extraction) and essence(rest) == essence(whole):
            notes = " ".join(whole.reports[0].notes)
            assert any(word in notes for word in ("unused", "narrative", "equal repeat"))


@given(OBSERVATIONS)
def test_doubling_every_observation_changes_nothing_but_the_notes(observations):
    once, twice = outcome(message([FDG, *observations])), outcome(message([FDG, *observations] * 2))

    assert essence(once) == essence(twice)


FIELD = st.text(string.printable.replace("\r", "").replace("|", "") + "äß°é٣²", max_size=12)
WILD = st.lists(
    st.tuples(
        st.sampled_from(["NM", "SN", "CWE", "ST", "TX", "ED", "DT", "", "XX"]),
        st.one_of(
            FIELD,
            st.sampled_from(
                ["uptake^^99NETPET", "126401^^DCM", "123001^^DCM", "103339001^^SCT", "112040^^DCM", "^^99NETPET"]
            ),
        ),
        st.one_of(FIELD, st.just("1")),
        FIELD,
        st.one_of(FIELD, st.just("mm")),
        st.sampled_from(["F", "P", "D", "C", "N", "", "Q"]),
    ),
    max_size=8,
)


@settings(max_examples=300)
@given(WILD, st.one_of(st.just(obr()), FIELD.map(lambda text: obr(time=text)), FIELD.map(obr)))
def test_no_message_makes_the_program_fail(observations, head):
    text = "\r".join([MSH, PID, head, *(obx(*one) for one in observations)])

    assert isinstance(read_message(text, canonical()), Extraction | Held | Ignored)


def faults_of(load):
    try:
        load()
    except MappingFileError as error:
        return error.faults
    return ()


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))))
def test_no_bytes_make_the_loader_fail(content):
    assert all(fault.line > 0 for fault in faults_of(lambda: read_tree(content, "m.yaml")))


@settings(max_examples=200)
@given(st.integers(0, len(SITE) - 1), st.text(string.printable, max_size=3))
def test_a_mapping_altered_anywhere_loads_or_is_refused_with_its_line(index, text):
    altered = (SITE[:index] + text + SITE[index + 1 :]).encode()

    assert all(fault.line > 0 for fault in faults_of(lambda: site_mapping(altered, "m.yaml")))


@given(FIELD)
def test_whatever_the_procedure_says_a_foreign_report_is_judged(text):
    found = outcome("\r".join([MSH, PID, obr(procedure=text), "OBX||TX|GDT^^L||line||||||F"]))

    assert isinstance(found, Held | Ignored)


def test_nothing_is_relevant_to_an_empty_set_but_pet():
    assert Relevance.of(()).codes == frozenset()


def test_reports_are_equal_when_read_twice():
    text = message([FDG, own("krenning", "1", "3", "NM")])

    assert report(text) == report(text)
