"""Two versions of a mapping read the same messages: every fact, state and score that differs is named, and no other."""

from mapping_messages import MALIGNANT, SITE, SITE_OBR, obr, site, site_oru

from adapter.mapping.impact import Conditions, Replayed, impact
from adapter.mapping.site_mapping import SiteMapping

TEXT = SITE.replace("SUVMAX^^99STE], unit: g/mL}", "SUVMAX^^99STE], unit: g/mL}\n  uptake: {obx: [UPT^^99STE]}")
MAPPING = site(TEXT)
FDG_OBR = obr("ACC-2^RIS", procedure="PETFDG^^99STE")


def mapping_with(*exchanged: tuple[str, str]) -> SiteMapping:
    """The next version of MAPPING, with some text exchanged."""
    text = TEXT.replace("1.2.0", "1.3.0")
    for old, new in exchanged:
        assert old in text
        text = text.replace(old, new)
    return site(text)


def study(head, uptake, suv):
    message = site_oru(
        ("CWE", "LESCLASS^^99STE", "1", "MAL^^99STE"),
        ("CWE", "UPT^^99STE", "1", uptake),
        ("NM", "SUVMAX^^99STE", "1", suv, "g/mL"),
        ("CWE", "LESSITE^^99STE", "1", "LIV^^99STE"),
        head=head,
    )
    return Replayed(head.split("|")[3], message.encode())


PAIR = (study(SITE_OBR, "positive", "20"), study(FDG_OBR, "positive", "3"))


def test_the_same_content_changes_nothing():
    found = impact(PAIR, MAPPING, MAPPING)

    assert (found.states, found.facts, found.scores, found.changes_a_grade) == ((), (), (), False)
    assert (found.messages, found.read, found.compared_scores) == (2, (2, 2), 1)


def test_a_fact_that_is_read_otherwise_is_named_with_both_values_and_the_grade_that_follows():
    found = impact(PAIR, MAPPING, mapping_with(("MAL: tumour", "MAL: not-tumour")))

    assert [(one.message, one.report, one.row, one.fact, one.old, one.new) for one in found.facts] == [
        ("ACC-1^RIS", 1, "1", "nature", "tumour", "not-tumour"),
        ("ACC-2^RIS", 1, "1", "nature", "tumour", "not-tumour"),
    ]
    (score,) = found.scores
    assert score.messages == ("ACC-1^RIS", "ACC-2^RIS")
    assert (score.old.grade, score.old.group, score.new.grade, score.new.outcome) == (
        "P2a",
        "P2-4",
        "-",
        "not-scorable",
    )
    assert (score.is_of_the_grade, found.changes_a_grade) == (True, True)


def test_a_fact_that_is_read_no_longer_is_named_and_moves_no_grade():
    found = impact(PAIR[:1], MAPPING, mapping_with(('LIV: "10200004", ', "")))

    assert {(one.fact, one.old, one.new) for one in found.facts} == {("site", "10200004", "-")}
    assert (found.scores, found.changes_a_grade) == ((), False)


def test_a_message_that_is_read_no_longer_is_a_finding_although_no_score_changes():
    one_half = PAIR[:1]

    found = impact(one_half, MAPPING, mapping_with(("LESCLASS^^99STE", "LESCLASS2^^99STE")))

    (state,) = found.states
    assert (state.message, state.old) == ("ACC-1^RIS", "read")
    assert state.new.startswith("held: code-unknown OBX[1]-3.1 ")
    assert (found.facts, found.changes_a_grade) == ((), True)


def test_a_message_that_is_read_now_is_said_and_its_new_score_is_a_change():
    broken = mapping_with(("LESCLASS^^99STE", "LESCLASS2^^99STE"))

    found = impact(PAIR, broken, MAPPING)

    assert [(one.message, one.new) for one in found.states] == [("ACC-1^RIS", "read"), ("ACC-2^RIS", "read")]
    assert [(one.old.outcome, one.new.grade) for one in found.scores] == [("-", "P2a")]
    assert found.changes_a_grade


def test_a_report_level_fact_stands_under_no_row():
    found = impact(PAIR[1:], MAPPING, mapping_with(("PETFDG^^99STE: 18F-FDG", "PETFDG^^99STE: 68Ga-DOTATOC")))

    assert ("", "tracer", "18F-FDG", "68Ga-DOTATOC") in {(one.row, one.fact, one.old, one.new) for one in found.facts}


def test_of_who_and_which_study_only_the_change_is_said():
    by_order = mapping_with(("zone: Europe/Berlin", "zone: Europe/Berlin\n  accession: [OBR-2]"))

    found = impact(PAIR[:1], MAPPING, by_order)

    assert [(one.fact, one.old, one.new) for one in found.facts if one.fact == "accession"] == [
        ("accession", "(not shown)", "(not shown)")
    ]
    assert "ACC" not in str([(one.old, one.new) for one in found.facts])


def test_an_identifier_that_is_read_for_the_first_time_is_said():
    no_order = mapping_with(("zone: Europe/Berlin", "zone: Europe/Berlin\n  order: [OBR-99]"))

    found = impact(PAIR[:1], no_order, MAPPING)

    assert ("order", "-", "(not shown)") in {(one.fact, one.old, one.new) for one in found.facts}


def test_a_report_that_only_one_of_them_reads_is_named_with_all_its_facts():
    both = Replayed("both", PAIR[0].content + b"\r" + b"\r".join(PAIR[1].content.split(b"\r")[2:]))
    when = "when: {OBR-4: [PETGA68^^99STE]}"
    of_sstr_alone = mapping_with(
        ("lookup: nature,", f"lookup: nature, {when},"),
        ("unit: g/mL}", f"unit: g/mL, {when}}}"),
        ("UPT^^99STE]}", f"UPT^^99STE], {when}}}"),
        ("lookup: sites,", f"lookup: sites, {when},"),
        ("rows:", "doubts: {own_obx: flag}\nrows:"),
    )

    found = impact([both], MAPPING, of_sstr_alone)
    back = impact([both], of_sstr_alone, MAPPING)

    assert {(one.report, one.row, one.fact, one.old, one.new) for one in found.facts} >= {
        (2, "", "tracer", "18F-FDG", "-"),
        (2, "1", "uptake", "positive", "-"),
        (2, "", "accession", "(not shown)", "-"),
    }
    assert {(one.fact, one.old) for one in back.facts} >= {("tracer", "-"), ("uptake", "-")}


def test_a_message_of_another_sender_is_ignored_by_both_and_a_test_of_nothing():
    other = Replayed("other", site_oru(MALIGNANT, head=obr(procedure="71260^CT^C4")).replace("STELSE", "X").encode())

    found = impact([other], MAPPING, mapping_with(("MAL: tumour", "MAL: uncertain")))

    assert (found.states, found.read) == ((), (0, 0))


def test_bytes_that_are_no_message_are_refused_by_both():
    assert impact([Replayed("x", b"MSH|")], MAPPING, MAPPING).read == (0, 0)


def test_the_other_studies_of_a_patient_may_be_read_by_another_mapping_of_the_site():
    fdg = Replayed("fdg", PAIR[1].content.replace(b"STELSE", b"OTHER"))
    other = site(TEXT.replace("id: st-elsewhere", "id: other-ris").replace("in: [STELSE]", "in: [OTHER]"))
    next_version = mapping_with(("MAL: tumour", "MAL: uncertain"))

    alone = impact([PAIR[0], fdg], MAPPING, next_version)
    together = impact([PAIR[0], fdg], MAPPING, next_version, Conditions((other, MAPPING)))

    assert (alone.read, together.read) == ((1, 1), (2, 2))
    assert [score.old.grade for score in together.scores] == ["P2a"]


def test_the_digest_of_the_messages_does_not_depend_on_their_order():
    assert impact(PAIR, MAPPING, MAPPING).messages_sha256 == impact(PAIR[::-1], MAPPING, MAPPING).messages_sha256
    assert impact(PAIR[:1], MAPPING, MAPPING).messages_sha256 != impact(PAIR, MAPPING, MAPPING).messages_sha256
