"""Expectations renewed: the failing parts of a test file are rewritten, everything else stays as it was written."""

from mapping_messages import MAPPINGS, POSITIVE, SSTR, obr, oru, own

from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import run_cases
from adapter.mapping.cases_update import updated
from adapter.mapping.site_mapping import site_mapping
from adapter.mapping.yaml_text import flow

ONE = oru(SSTR, own("lesions-complete", "", "yes"), POSITIVE, head=obr("ACC-1^RIS"))
OTHER = oru(SSTR, ("CWE", "uptake^x^99NETPET", "2", "42425007^Equivocal^SCT"), head=obr("ACC-2^RIS"))
BAD = oru(SSTR, ("CWE", "uptake^x^99NETPET", "2", "1^x^SCT"))
FILES = {"one.hl7": ONE, "other.hl7": OTHER, "bad.hl7": BAD}


def fetch(name):
    if name not in FILES:
        raise FileNotFoundError(2, "No such file")
    return FILES[name].encode()


def ran(text):
    mapping = site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml")
    cases, tree = read_cases(text.encode(), "x.test.yaml")
    return tree, [result for result, _ in run_cases(cases, mapping, fetch)]


def renewed(text):
    tree, results = ran(text)
    return updated(text, tree, results)


def renewed_case(expect, inputs="one.hl7", more=""):
    """The lines of the renewed ``expect``; the file then holds."""
    text = f"schema: netpet-mapping-test/1\ncases:\n  - name: a\n    input: {inputs}\n{more}    expect: {expect}\n"
    new = renewed(text)
    assert new.left == ()
    _, results = ran(new.text)
    assert all(result.holds for result in results), [result.differences for result in results]
    return [line.strip() for line in new.text.splitlines()[text.splitlines().index(f"    expect: {expect}") + 1 :]]


FILE = """\
# head
schema: netpet-mapping-test/1
cases:
  # first
  - name: one
    expect:
      # lost
      lesions: [{row: "1", uptake: negative}]

      grade: P3a

    # kept
    input: one.hl7
  - name: good
    input: one.hl7
    expect: {state: read}  # kept too
  - expect: {ack: AE}
    name: begins with it
    input: one.hl7
  - {name: in a line, input: one.hl7, expect: {ack: AE}}
  - name: gone
    input: gone.hl7
    expect: {ack: AE}
"""


def test_only_the_expectations_that_failed_are_rewritten():
    new = renewed(FILE)
    assert new.left == ("in a line", "gone")
    assert new.text == FILE.replace(
        '      # lost\n      lesions: [{row: "1", uptake: negative}]\n\n      grade: P3a\n',
        '      lesions:\n        - {row: "1", uptake: positive}\n      grade: none\n',
    ).replace("  - expect: {ack: AE}\n", "  - expect:\n      ack: [AA]\n")


def test_an_empty_expectation_gets_all_that_was_read():
    lines = renewed_case("{}")
    assert lines[0].startswith('report: {patient: "123456^HOSP^MR", accession: ACC-1,')
    assert lines[1:3] == ["lesions:", '- {row: "1", nature: tumour, uptake: positive}']
    assert lines[-1] == 'review: "yes"'


def test_an_empty_expectation_of_a_held_message_gets_its_problem_and_place():
    assert renewed_case("{}", "bad.hl7") == [
        "state: [held]",
        "ack: [AA]",
        "problem: code-unknown",
        'place: "OBX[2]-5.1"',
    ]


def test_an_empty_expectation_of_a_pair_of_which_one_is_held_gets_both():
    lines = renewed_case("{}", "[one.hl7, bad.hl7]")
    assert "state: [read, held]" in lines
    assert "problem: code-unknown" in lines
    assert "grade: none" in lines


def test_a_fact_that_is_no_longer_stated_becomes_none():
    assert renewed_case('{lesions: [{row: "1", site: "10200004"}]}') == ["lesions:", '- {row: "1", site: none}']


def test_several_reports_keep_their_order_and_their_parts():
    lines = renewed_case("{reports: [{report: {kind: fdg}}, {}]}", "[one.hl7, other.hl7]")
    assert lines == ["reports:", "- {report: {kind: sstr}}", "- {}"]
    lines = renewed_case('{lesions: [{row: "2"}]}', "[one.hl7, other.hl7]")
    assert lines[0] == "reports:"
    assert lines[1].startswith("- report: {patient:")
    assert lines[2:4] == ["lesions:", '- {row: "1", nature: tumour, uptake: positive}']


def test_what_must_equal_is_written_whole():
    (_, lesion) = renewed_case('{lesions: [{row: "1"}]}', more="    contains: equals\n")
    assert lesion == '- {row: "1", nature: tumour, uptake: positive}'


def test_no_report_is_written_as_none():
    assert renewed_case("{reports: [{}]}", "bad.hl7") == ["reports: []"]


def test_text_is_quoted_where_an_editor_takes_it_for_something_else():
    assert (
        flow(["plain text", "yes", "3", "a: b", "P2-4", "", "é"]) == '[plain text, "yes", "3", "a: b", P2-4, "", "é"]'
    )
    assert flow({"row": "no"}) == '{row: "no"}'
