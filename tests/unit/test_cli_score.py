"""``netpet-adapter score``: one lesion table in, one result out; bad input names its field and repeats no value."""

import io
import json
import subprocess
import sys

import pytest

from adapter.cli.score import score_one, score_table

EXAMPLE = """
{"studies": {"sstr": {"tracer": "68Ga-DOTATATE", "acquired": "2026-11-12", "status": "final", "lesions_complete": true,
                      "no_tumour_uptake": false},
             "fdg":  {"tracer": "18F-FDG",       "acquired": "2026-11-19", "status": "final"}},
 "lesions": [{"id": "L1", "site": "10200004", "laterality": null, "size_mm": 23, "nature": "tumour",
              "count": {"min": 1, "max": 1}, "paired": true,
              "sstr": {"uptake": "positive", "krenning": 3, "suv": {"low": 20, "high": 20, "type": "SUVbw",
                                                                  "statistic": "max"}},
              "fdg":  {"uptake": "positive", "suv": {"low": 3, "high": 3}}, "relative_uptake": null}],
 "policy": {"equality_tolerance": 0}}
"""


def table(*lesions, **members):
    return json.dumps({"lesions": list(lesions), **members})


def lesion(**facts):
    return {"id": "L1", **facts}


def answer(text):
    """What the command writes to both streams, and its exit code."""
    out, errors = io.StringIO(), io.StringIO()
    code = score_one(io.BytesIO(text if isinstance(text, bytes) else text.encode()), out, errors)
    return code, out.getvalue(), errors.getvalue()


def command(*arguments, stdin=b""):
    return subprocess.run(
        [sys.executable, "-m", "adapter", "score", *arguments],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_the_example_of_the_formats_page_is_answered_member_by_member():
    result = score_table(EXAMPLE)
    policy, algorithm = result.pop("policy"), result.pop("algorithm")

    assert json.loads(json.dumps(result)) == {
        "outcome": "scored",
        "grade": "P2a",
        "group": "P2-4",
        "bounds": [2, 2],
        "patterns": {"L1": [2]},
        "target_lesions": ["L1"],
        "reasons": [],
        "review_required": False,
        "karfis": "C2",
        "zidan": None,
        "interval_days": 7,
    }
    assert (policy["equality_tolerance"], policy["interval_days"], policy["interval_limit_days"]) == (0, 31, 60)
    assert (algorithm["name"], list(algorithm)) == ("netpet", ["name", "version"])


def test_the_command_reads_a_file_and_writes_one_line(tmp_path):
    file = tmp_path / "table.json"
    file.write_text(EXAMPLE)

    done = command(str(file))

    assert (done.returncode, done.stderr, done.stdout.count(b"\n")) == (0, b"", 1)
    assert json.loads(done.stdout)["grade"] == "P2a"


def test_the_command_reads_standard_input():
    done = command("-", stdin=EXAMPLE.encode())

    assert (done.returncode, json.loads(done.stdout)["grade"]) == (0, "P2a")


def test_explain_adds_the_sentence():
    done = command("--explain", stdin=table(lesion(sstr={"uptake": "positive"}, fdg={"uptake": "negative"})).encode())

    assert json.loads(done.stdout)["explanation"].endswith("the grade is the worst pattern: P1.")
    assert "explanation" not in score_table(EXAMPLE)


def test_bad_input_is_exit_2_and_no_traceback():
    done = command(stdin=b'{"lesions": [{}]}')

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"netpet-adapter score: lesions[0].id: Field required\n"


def test_a_file_that_cannot_be_opened_is_exit_2(tmp_path):
    done = command(str(tmp_path / "missing.json"))

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


def test_an_unknown_option_is_a_usage_error():
    assert command("--grade-it-better").returncode == 2


def suv_of(**ends):
    return lesion(sstr={"suv": ends})


BAD = [
    ("not JSON", "{"),
    ("the table", "[]"),
    ("the table", "null"),
    ("lesions", "{}"),
    ("lesions", '{"lesions": {}}'),
    ("lesions[0]", '{"lesions": ["SECRET"]}'),
    ("lesions[0].id", table({})),
    ("lesions[0].id", table({"id": ""})),
    ("lesions[0].id", table({"id": 7654321})),
    ("lesions[0].id", table({"id": "S" * 201})),
    ("lesions[1].id", table(lesion(), {})),
    ("lesions[0].site", table(lesion(site=7654321))),
    ("lesions[0].size_mm", table(lesion(size_mm="SECRET"))),
    ("lesions[0].size_mm", table(lesion(size_mm=0))),
    ("lesions[0].size_mm", table(lesion(size_mm=True))),
    ("lesions[0].nature", table(lesion(nature="SECRET"))),
    ("lesions[0].paired", table(lesion(paired="yes"))),
    ("lesions[0].relative_uptake", table(lesion(relative_uptake="SECRET"))),
    ("lesions[0].count.min", table(lesion(count={"min": 0}))),
    ("lesions[0].count.max", table(lesion(count={"min": 1, "max": 1.5}))),
    ("lesions[0].count", table(lesion(count={"min": 3, "max": 2}))),
    ("lesions[0].count", table(lesion(count=7654321))),
    ("lesions[0].sstr", table(lesion(sstr="SECRET"))),
    ("lesions[0].sstr.uptake", table(lesion(sstr={"uptake": "SECRET"}))),
    ("lesions[0].sstr.uptake", table(lesion(sstr={"uptake": "silent"}))),
    ("lesions[0].fdg.krenning", table(lesion(fdg={"krenning": 5}))),
    ("lesions[0].fdg.krenning", table(lesion(fdg={"krenning": -1}))),
    ("lesions[0].fdg.krenning", table(lesion(fdg={"krenning": 1.5}))),
    ("lesions[0].fdg.krenning", table(lesion(fdg={"krenning": True}))),
    ("lesions[0].fdg.in_field", table(lesion(fdg={"in_field": 1}))),
    ("lesions[0].sstr.sstr_rads", table(lesion(sstr={"sstr_rads": "9"}))),
    ("lesions[0].sstr.suv.low", table(suv_of(low="7654321"))),
    ("lesions[0].sstr.suv.low", table(suv_of(low=True))),
    ("lesions[0].sstr.suv.high", table(suv_of(high=7654321))),
    ("lesions[0].sstr.suv", table(suv_of(low=5, high=4))),
    ("lesions[0].sstr.suv.type", table(suv_of(type="SECRET"))),
    ("lesions[0].sstr.suv.statistic", table(suv_of(statistic="SECRET"))),
    ("studies", table(studies="SECRET")),
    ("studies.sstr.acquired", table(studies={"sstr": {"acquired": "SECRET"}})),
    ("studies.sstr.acquired", table(studies={"sstr": {"acquired": "2026-13-99"}})),
    ("studies.sstr.acquired", table(studies={"sstr": {"acquired": "20261112"}})),
    ("studies.sstr.acquired", table(studies={"sstr": {"acquired": 7654321}})),
    ("studies.fdg", table(studies={"fdg": {"status": "SECRET"}})),
    ("studies.fdg.reader_grade", table(studies={"fdg": {"reader_grade": "P1a"}})),
    ("studies.fdg.extent", table(studies={"fdg": {"extent": "SECRET"}})),
    ("studies.fdg.liver_suv", table(studies={"fdg": {"liver_suv": -7654321}})),
    ("studies.fdg.tracer", table(studies={"fdg": {"tracer": 7654321}})),
    ("policy.equality_tolerance", table(policy={"equality_tolerance": -1})),
    ("policy.equality_tolerance", table(policy={"equality_tolerance": 1.01})),
    ("policy.interval_days", table(policy={"interval_days": -1})),
    ("policy.interval_limit_days", table(policy={"interval_limit_days": 60.5})),
    ("policy.positivity_references[0]", table(policy={"positivity_references": ["SECRET"]})),
    ("policy.tolerance", table(policy={"tolerance": 1})),
    ("sites", table(sites=[])),
]


@pytest.mark.parametrize(("field", "text"), BAD, ids=[f"{place}: {field}" for place, (field, _) in enumerate(BAD)])
def test_bad_input_names_the_field_and_repeats_no_value(field, text):
    code, out, errors = answer(text)

    assert (code, out) == (2, "")
    assert errors.startswith(f"netpet-adapter score: {field}: ")
    assert not [secret for secret in ("SECRET", "7654321", "Traceback") if secret in errors]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\xfa",
        b'{"lesions": [], "lesions": []}',
        b'{"lesions": [{"id": "L1", "SECRET": 1, "SECRET": 2}]}',
        b'{"lesions": [{"id": "L1", "size_mm": NaN}]}',
        b'{"lesions": [{"id": "L1", "size_mm": -Infinity}]}',
        b'{"lesions": [{"id": "L1", "size_mm": 1e999999999999999999999}]}',
        b'{"lesions": [{"id": "L1", "size_mm": ' + b"9" * 5000 + b"}]}",
        b"[" * 100_000,
        b'{"lesions": [{"id": "\\ud800"}]}',
    ],
)
def test_what_is_no_readable_json_is_refused_in_one_line(text):
    code, out, errors = answer(text)

    assert (code, out, errors.count("\n")) == (2, "", 1)
    assert "SECRET" not in errors


def test_every_field_at_fault_is_named_at_once():
    _, _, errors = answer(table(lesion(size_mm=0, paired=3), {}, policy={"interval_days": -1}))

    assert [name in errors for name in ("lesions[0].size_mm", "lesions[0].paired", "lesions[1].id", "policy.")] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("ends", "patterns"),
    [
        ({"low": 6, "high": 6}, [3]),
        ({"low": 4, "high": 9}, [2, 3, 4]),
        ({"low": 6, "high": None}, [4]),
        ({"low": None, "high": 6}, [2]),
        ({"low": 6}, [4]),
        ({"low": 7, "high": None}, [4]),
        ({}, [2, 3, 4]),
        ({"low": 0, "high": 0}, [2, 3, 4]),
        ({"low": 6, "high": 6, "type": "SUVlbm"}, [2, 3, 4]),
        ({"low": 6, "high": 6, "statistic": "peak"}, [2, 3, 4]),
    ],
)
def test_an_end_that_is_null_is_more_than_low_or_less_than_high(ends, patterns):
    sstr = {"uptake": "positive", "suv": {"low": 6, "high": 6}}

    result = score_table(table(lesion(sstr=sstr, fdg={"uptake": "positive", "suv": ends})))

    assert tuple(result["patterns"]["L1"]) == tuple(patterns)


def test_numbers_are_exact_and_never_binary_fractions():
    def at(value):
        return {"uptake": "positive", "suv": {"low": value, "high": value}}

    def patterns(fdg):
        text = table(lesion(sstr=at("SSTR"), fdg=at("FDG")), policy={"equality_tolerance": 0.1})
        for name, number in (("SSTR", "1.1"), ("FDG", fdg)):
            text = text.replace(f'"{name}"', number)
        return tuple(score_table(text)["patterns"]["L1"])

    assert (patterns("1.21"), patterns("1.2100000000000000000000001")) == ((3,), (4,))


POSITIVE, NEGATIVE = {"uptake": "positive"}, {"uptake": "negative"}


@pytest.mark.parametrize(
    ("facts", "grade", "bounds"),
    [
        ({}, None, (0, 5)),
        ({"sstr": POSITIVE}, None, (1, 4)),
        ({"sstr": POSITIVE, "fdg": {}}, None, (1, 4)),
        ({"sstr": {"krenning": 2}, "fdg": {"krenning": 0}}, "P1", (1, 1)),
        ({"sstr": POSITIVE, "fdg": {"uptake": "positive", "in_field": False}}, None, (1, 4)),
        ({"sstr": POSITIVE, "fdg": {"sstr_rads": "3B"}}, None, (1, 4)),
        ({"sstr": POSITIVE, "fdg": POSITIVE, "relative_uptake": "fdg-lower"}, "P2a", (2, 2)),
        ({"sstr": POSITIVE, "fdg": POSITIVE, "relative_uptake": "fdg-equal"}, "P3a", (3, 3)),
        ({"sstr": POSITIVE, "fdg": POSITIVE, "relative_uptake": "fdg-higher"}, "P4a", (4, 4)),
        ({"sstr": POSITIVE, "fdg": NEGATIVE, "nature": "uncertain"}, None, (0, 1)),
        ({"sstr": POSITIVE, "fdg": NEGATIVE, "nature": "not-tumour"}, None, None),
        ({"sstr": POSITIVE, "fdg": POSITIVE, "relative_uptake": "fdg-lower", "count": {"min": 3}}, "P2b", (2, 2)),
        ({"sstr": POSITIVE, "fdg": POSITIVE, "count": {"min": 2, "max": None}, "paired": False}, None, (2, 5)),
    ],
)
def test_what_a_lesion_leaves_out_is_unknown_and_one_tumour_whose_members_are_paired(facts, grade, bounds):
    result = score_table(table(lesion(**facts)))

    assert (result["grade"], result["bounds"]) == (grade, bounds)


def test_a_study_that_states_nothing_is_not_scorable_for_each_thing_missing():
    result = score_table(table(studies={"sstr": {}, "fdg": None}))

    assert {"missing-fdg-study", "report-not-final", "tracer-unknown"} <= set(result["reasons"])


def test_the_policy_given_is_the_policy_used_and_shown():
    policy = {
        "equality_tolerance": 0.25,
        "interval_days": 3,
        "interval_limit_days": 6,
        "positivity_references": ["liver"],
    }
    studies = {
        "sstr": {"tracer": "68Ga-DOTATATE", "acquired": "2026-11-12T23:00:00+01:00", "status": "final"},
        "fdg": {"tracer": "18F-FDG", "acquired": "2026-11-19T01:00:00+01:00", "status": "final", "liver_suv": 2.5},
    }

    result = score_table(table(lesion(), policy=policy, studies=studies))

    assert json.loads(json.dumps(result["policy"])) == policy
    assert result["interval_days"] == 7
    assert "interval-exceeded" in result["reasons"]
