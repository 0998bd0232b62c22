"""Tests beside a mapping: what a case may say, and what counts as having come out otherwise."""

import pytest
from mapping_messages import FDG, MAPPINGS, NEGATIVE, POSITIVE, SITE, SSTR, obr, oru, own, site

from adapter.mapping.cases import LESION_WORDS, REPORT_WORDS, read_cases
from adapter.mapping.cases_reading import inline_message, is_inline, read_input
from adapter.mapping.cases_run import alone, cases_file_of, from_folder, run_beside, run_cases
from adapter.mapping.cases_words import lesion_words, report_words
from adapter.mapping.errors import MappingFileError
from adapter.mapping.site_mapping import site_mapping
from adapter.outcome import Held, Ignored, Place, Problem, Refused

HEAD = "schema: netpet-mapping-test/1\ncases:\n"


def canonical():
    return site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml")


def message(*observations, accession="ACC-1^RIS", **header):
    return oru(*observations, head=obr(accession, **header))


TRACKED = ("ST", "112039^x^DCM", "1", "L1")
SUV = ("NM", "126401^x^DCM", "1", "20.50", "g/mL{SUVbw}")
COMPLETE = own("lesions-complete", "", "yes")
ONE = message(SSTR, COMPLETE, POSITIVE, SUV, TRACKED)
PARTNER = message(FDG, COMPLETE, NEGATIVE, TRACKED, accession="ACC-2^RIS", time="20261120100500+0100")
UNKNOWN = message(SSTR, ("CWE", "uptake^x^99NETPET", "1", "99^x^SCT"))
FILES = {"one.hl7": ONE, "partner.hl7": PARTNER, "unknown.hl7": UNKNOWN, "xray.hl7": oru(("TX", "1^x^LN", "", "x"))}


def fetch(name):
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[name].encode()


def run(expect, *, inputs="one.hl7", more="", mapping=None, door=None):
    """The result of one case."""
    text = f"{HEAD}  - name: a case\n    input: {inputs}\n    expect: {expect}\n{more}"
    cases, _ = read_cases(text.encode(), "x.test.yaml")
    doors = (door,) if door else ()
    ((result, _),) = run_cases(cases, mapping or canonical(), fetch, *doors)
    return result


def differences(expect, **how):
    return [(one.path, one.expected, one.got) for one in run(expect, **how).differences]


PAIR = "[one.hl7, partner.hl7]"


@pytest.mark.parametrize(
    "expect",
    [
        '{lesions: [{row: "1", uptake: positive, suv: "20.5"}]}',
        '{lesions: [{row: "1", suv: "20.500", site: none}]}',
        "{report: {tracer: 68Ga-DOTATE, kind: sstr}}".replace("DOTATE", "DOTATATE"),
        "{state: read, ack: AA, problem: none, place: none, rule: none}",
        "{flags: []}",
        "{reasons: [missing-fdg-study], outcome: not-scorable, grade: none, group: none}",
        "{reports: [{}]}",
    ],
)
def test_a_case_holds_when_what_it_names_is_what_is_read(expect):
    assert differences(expect) == []


@pytest.mark.parametrize(
    ("expect", "path", "got"),
    [
        ('{lesions: [{row: "1", uptake: negative}]}', "lesions[1].uptake", "positive"),
        ('{lesions: [{row: "1", suv: "20.4"}]}', "lesions[1].suv", "20.5"),
        ('{lesions: [{row: "1", suv: "high"}]}', "lesions[1].suv", "20.5"),
        ('{lesions: [{row: "1", size_mm: "12"}]}', "lesions[1].size_mm", "none"),
        ("{report: {tracer: 18F-FDG}}", "report.tracer", "68Ga-DOTATATE"),
        ("{grade: P1}", "grade", "none"),
        ("{review: 'no'}", "review", "yes"),
        ("{state: held}", "state", "read"),
        ("{ack: AE}", "ack", "AA"),
        ("{problem: code-unknown}", "problem", "none"),
        ("{flags: [unit missing]}", "flags", "none"),
        ("{reasons: [equivocal-lesion]}", "reasons", None),
        ("{reasons: []}", "reasons", None),
        ("{reports: [{}, {}]}", "reports", "1 report"),
        ("{}", "expect", None),
    ],
)
def test_each_part_that_came_out_otherwise_is_named(expect, path, got):
    ((found, _, said),) = differences(expect)
    assert (found, said if got is not None else None) == (path, got)


def test_no_lesion_is_lost_or_added_unseen_in_a_case_that_names_lesions():
    assert differences("{lesions: []}") == [
        ("lesions[1]", "no such lesion", "row: 1, tracking_id: L1, nature: tumour, uptake: positive, suv: 20.5")
    ]
    two = '{lesions: [{row: "1"}, {row: "2", site: "10200004"}]}'
    assert differences(two) == [("lesions[2]", "row: 2, site: 10200004", "no such lesion")]


def test_what_a_case_must_equal_holds_nothing_else():
    exact = "    contains: equals\n"
    found = differences('{lesions: [{row: "1", uptake: positive}]}', more=exact)
    assert [path for path, *_ in found] == ["lesions[1].nature", "lesions[1].suv", "lesions[1].tracking_id"]
    (flags,) = differences("{flags: [unused]}", more=exact)
    assert flags[0] == "flags"
    (reasons,) = differences("{reasons: [missing-fdg-study]}", more=exact)
    assert reasons[0] == "reasons"


def test_the_reports_of_a_pair_give_the_grade_they_would_give_in_service():
    expect = '{reports: [{lesions: [{row: "1"}]}, {report: {kind: fdg}}], grade: P1, group: P1}'
    assert differences(expect, inputs=PAIR) == []
    assert differences("{reports: [{report: {kind: fdg}}, {}]}", inputs=PAIR) == [
        ("reports[0].report.kind", "fdg", "sstr")
    ]
    assert differences("{report: {kind: sstr}}", inputs=PAIR) == [("reports", "1 report", "2 reports")]


def test_of_several_scores_none_is_compared():
    later = message(SSTR, POSITIVE, accession="ACC-9^RIS", time="20250101100500+0100")
    FILES["later.hl7"] = later
    found = run("{grade: P1}", inputs="[one.hl7, later.hl7]").differences
    assert [one.path for one in found] == ["score", "grade"]


def test_a_study_that_waits_beside_a_retracted_pair_is_no_second_score():
    FILES["retracted.hl7"] = message(FDG, COMPLETE, NEGATIVE, TRACKED, accession="ACC-2^RIS", status="X")
    inputs = "[one.hl7, partner.hl7, retracted.hl7]"
    assert differences("{outcome: not-scorable, reasons: [parent-retracted]}", inputs=inputs) == []


def test_a_held_message_is_known_by_problem_place_and_rule():
    place, rule = '"OBX[2]-5"', '"lesion.uptake: the value is not in table calls"'
    expect = f"{{state: held, ack: AA, problem: code-unknown, place: {place}, rule: {rule}}}"
    assert differences(expect, inputs="unknown.hl7") == []
    ((path, _, got),) = differences('{place: "OBX[2]-3"}', inputs="unknown.hl7")
    assert (path, got) == ("place", "OBX[2]-5.1")


def test_a_flag_is_named_by_how_it_begins():
    FILES["bare.hl7"] = message(SSTR, POSITIVE, SUV[:4])
    assert differences("{flags: [unit missing]}", inputs="bare.hl7") == []


def test_a_site_that_refuses_what_cannot_be_read_answers_by_the_table():
    assert differences("{ack: AE}", inputs="unknown.hl7", more="    refuse_unmappable: 'true'\n") == []
    assert differences("{ack: [AA, AE]}", inputs="[one.hl7, unknown.hl7]", more="    refuse_unmappable: 'true'\n") == []


def test_a_message_that_is_not_ours_is_ignored():
    chest = oru(("TX", "1^x^LN", "", "x"), head=obr(procedure="36643-5^XR chest^LN"))
    assert isinstance(read_input(chest.encode(), alone(canonical())).reading, Ignored)
    FILES["chest.hl7"] = chest
    assert differences("{state: ignored, ack: AA}", inputs="chest.hl7") == []


def test_what_the_receiver_refuses_at_the_door_is_refused_in_a_case():
    def door(_):
        return Refused(Problem.MESSAGE_TYPE, Place("MSH", 1, 9), "no")

    assert differences('{state: refused, ack: AR, place: "MSH[1]-9"}', door=door) == []


@pytest.mark.parametrize(
    ("content", "kind"), [(b"PID|1", Refused), (b"MSH|^~\\&|A|B|C|D|2||ORU|1|P|2.5||||||WHAT\rOBX|\xff", Refused)]
)
def test_a_message_that_cannot_be_answered_is_refused(content, kind):
    assert isinstance(read_input(content, alone(canonical())).reading, kind)


def test_two_messages_in_one_are_held():
    content = b"MSH|^~\\&|A|B|C|D|2||ORU|1|P|2.5\rMSH|^~\\&|A|B|C|D|2||ORU|2|P|2.5\r"
    reading = read_input(content, alone(canonical())).reading
    assert isinstance(reading, Held)
    assert reading.problem is Problem.VALUE_CONFLICT


def test_an_input_that_cannot_be_read_fails_its_case_alone():
    assert differences("{grade: P1}", inputs="gone.hl7") == [
        ("input", "gone.hl7", "the file cannot be read: No such file or directory")
    ]


def test_a_message_may_stand_in_the_test_file_itself():
    assert all(map(is_inline, ["MSH|^~", "a\nb", "{}"]))
    assert not is_inline("a.hl7\n")
    assert inline_message("MSH|1\n  PID|é\n") == "MSH|1\rPID|é\r".encode()
    assert inline_message('{\n "a": 1}') == b'{\n "a": 1}'
    lines = "".join(f"      {line}\n" for line in ONE.split("\r"))
    assert differences("{state: read}", inputs="|\n" + lines.rstrip("\n")) == []


def test_a_draft_is_tested_as_if_it_were_active():
    draft = site(SITE.replace("status: active", "status: draft"))
    assert alone(draft).active


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: netpet-mapping-test/1\ncases: []\n", ""),
        (
            f"{HEAD}  - {{name: a, input: x, expect: {{lesions: [{{uptake: positive}}]}}}}\n",
            "name the lesion by its `row`",
        ),
        (
            f"{HEAD}  - {{name: a, input: x, expect: {{lesions: [{{row: a}}, {{row: a}}]}}}}\n",
            "two lesions name the same",
        ),
        (f"{HEAD}  - {{name: a, input: x, expect: {{lesions: [{{row: a, colour: red}}]}}}}\n", ""),
        (f"{HEAD}  - {{name: a, input: x, expect: {{report: {{kind: x}}, reports: []}}}}\n", "put them into `reports`"),
        (f"{HEAD}  - {{name: a, input: x, expect: {{problem: bad-luck}}}}\n", "a problem is one of"),
        (f"{HEAD}  - {{name: a, input: x, expects: {{}}}}\n", "the form has no key `expects`"),
    ],
)
def test_a_test_file_that_has_not_its_form_is_refused_with_line_and_column(text, said):
    with pytest.raises(MappingFileError) as error:
        read_cases(text.encode(), "x.test.yaml")
    assert all(fault.line for fault in error.value.faults)
    assert said in str(error.value)


def test_tests_are_found_beside_their_mapping(tmp_path):
    mapping = canonical()
    assert run_beside(mapping, tmp_path) == ()
    file = cases_file_of(tmp_path / "canonical.yaml")
    assert file.name == "canonical.test.yaml"
    (tmp_path / "one.hl7").write_text(ONE, newline="")
    file.write_text(f"{HEAD}  - {{name: a, input: one.hl7, expect: {{state: read}}}}\n")
    (result,) = run_beside(mapping, tmp_path)
    assert result.holds
    assert from_folder(tmp_path)("one.hl7") == ONE.encode()


def test_every_fact_of_a_report_has_its_word():
    report = read_input(ONE.encode(), alone(canonical())).reports[0]
    assert set(report_words(report)) <= set(REPORT_WORDS)
    assert set(lesion_words(report.rows[0])) <= set(LESION_WORDS)


def test_a_fact_is_told_with_what_is_unusual_of_it():
    text = SITE + 'suv_cutoffs: {sstr: {value: "5.0", signed_by: "Dr A"}}\n'
    lesion = "  relation: {obx: [REL^^99STE]}\n  count: {obx: [N^^99STE]}\n"
    mapping = site(
        text.replace("tables:", lesion + "tables:").replace("unit: g/mL}", "unit: g/mL, type: SUVlbm, statistic: peak}")
    )
    sent = oru(
        ("CWE", "LESCLASS^^99STE", "1", "MAL^^99STE"),
        ("NM", "SUVMAX^^99STE", "1", "9", "kBq/mL"),
        ("ST", "REL^^99STE", "1", "fdg-higher"),
        ("ST", "N^^99STE", "1", ">=3"),
        ("ST", "SUVMAX^^99STE", "2", "NaN", "g/mL"),
        ("CWE", "LESCLASS^^99STE", "2", "MAL^^99STE"),
        head=obr(procedure="PETGA68^Ga68 PET^99STE"),
        msh=r"MSH|^~\&|RIS|STELSE|NETPET|HOSP|20261120101500+0100||ORU^R01|1|P|2.5.1||||||UNICODE UTF-8",
    )
    (report,) = read_input(sent.encode(), alone(mapping)).reports
    assert report_words(report)["suv_cutoff"] == "5 signed by Dr A"
    first, second = map(lesion_words, report.rows)
    assert (first["suv"], first["relation"], first["count"]) == ("9 SUVlbm peak foreign-unit", "fdg-higher", ">=3")
    assert second["suv"] == "not-a-number SUVlbm peak"
