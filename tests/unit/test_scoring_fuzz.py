"""Random reports and random histories of them: the order of rows and of arrival says nothing, and nothing crashes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import (
    BONE,
    DAY_0,
    FDG,
    JANE,
    LEFT,
    LIVER,
    LUNG,
    NEGATIVE,
    POSITIVE,
    RIGHT,
    SSTR,
    UNKNOWN,
    Count,
    Nature,
    Relation,
    ReportStatus,
    kept,
    replace,
    row,
    saw,
)

from adapter.scoring.assessment import assess
from adapter.scoring.matching import match_lesions
from adapter.scoring.pairing import Pair, pair_of, pair_studies, retracted_pairs
from adapter.scoring.result import Policy
from adapter.scoring.sites import BILATERAL
from adapter.scoring.versions import current_reports

pytestmark = pytest.mark.slow

EACH = settings(
    max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
POLICY = Policy()
THE_END = datetime(9999, 12, 31, tzinfo=UTC)
NODE, MESENTERIC = "59441001", "279795009"


def stated(*values):
    return st.sampled_from([None, None, *values])


def facts_of_a_row():
    return st.fixed_dictionaries(
        {
            "finding": st.sampled_from([POSITIVE, NEGATIVE, UNKNOWN, saw(value=20), saw(value=3), saw("silent", 7)]),
            "tracking_uid": stated("1.1", "1.2"),
            "tracking_id": stated("A", "B"),
            "cross_reference": stated("A", "1.2"),
            "site": stated(LIVER, LUNG, BONE, NODE, MESENTERIC, "unlisted"),
            "laterality": stated(LEFT, RIGHT, BILATERAL),
            "size_mm": stated(Decimal(5), Decimal(20)),
            "nature": st.sampled_from([Nature.TUMOUR, Nature.TUMOUR, Nature.UNCERTAIN, Nature.NOT_TUMOUR]),
            "count": stated(Count(), Count(2, None), Count(3, 3)),
            "paired": stated(True, False),
            "relation": stated(*Relation),
        }
    )


def numbered(rows):
    return [row(str(place), **facts) for place, facts in enumerate(rows)]


reports = st.lists(facts_of_a_row(), max_size=4).map(numbered)


def result(sstr, fdg):
    return assess(Pair(kept(SSTR, *sstr), kept(FDG, *fdg, day=7)), POLICY).result


def clinical(found):
    return replace(found, target_lesions=tuple(sorted(found.target_lesions)), explanation="")


@EACH
@given(reports, reports, st.data())
def test_the_order_of_the_rows_of_a_report_says_nothing(sstr, fdg, data):
    other_sstr, other_fdg = data.draw(st.permutations(sstr)), data.draw(st.permutations(fdg))

    assert clinical(result(sstr, fdg)) == clinical(result(other_sstr, other_fdg))


@EACH
@given(reports, reports)
def test_every_row_is_in_the_table_and_every_lesion_of_the_table_has_patterns_of_its_own(sstr, fdg):
    lesions, _ = match_lesions(sstr, fdg)
    assert all(any(lesion.sstr == one.finding for lesion in lesions) for one in sstr)
    assert all(any(lesion.fdg == one.finding for lesion in lesions) for one in fdg)
    assert set(result(sstr, fdg).patterns) <= {lesion.id for lesion in lesions}


@EACH
@given(reports, reports)
def test_two_uids_of_one_report_are_two_lesions(sstr, fdg):
    lesions, _ = match_lesions(sstr, fdg)
    uids = {}
    for lesion in lesions:
        uids.setdefault(lesion.id, set()).add(lesion.tracking_uid)

    assert all(len(named - {None}) <= 1 for named in uids.values())


@EACH
@given(reports, reports)
def test_the_two_tracers_are_treated_alike(sstr, fdg):
    lesions, reasons = match_lesions(sstr, fdg)
    mirrored, mirrored_reasons = match_lesions(fdg, sstr)

    assert reasons == mirrored_reasons
    assert sorted((repr(one.sstr), repr(one.fdg)) for one in lesions) == sorted(
        (repr(one.fdg), repr(one.sstr)) for one in mirrored
    )


@EACH
@given(reports, reports)
def test_a_report_twice_the_same_row_is_the_same_score(sstr, fdg):
    doubled = [*sstr, *(replace(one, row=f"{one.row}x") for one in sstr if one.tracking_id or one.tracking_uid)]
    once, twice = result(sstr, fdg), result(doubled, fdg)

    assert once.grade is None or twice.grade in (once.grade, None)


places = st.sampled_from([(LIVER, None), (LIVER, None), (MESENTERIC, None), (LUNG, LEFT), (LUNG, RIGHT)])
said = st.fixed_dictionaries(
    {
        "listed": st.booleans(),
        "named": st.booleans(),
        "site": st.sampled_from(["exact", "exact", "general", None]),
        "sided": st.booleans(),
    }
)
truths = st.lists(st.tuples(places, st.booleans(), st.booleans(), said, said), min_size=1, max_size=4)


def written(name, place, positive, how):
    """What one reader writes of a lesion: uptake always, a lesion without only where the reader cares to."""
    if not (positive or how["listed"]):
        return []
    site, side = place
    shown = {"exact": site, "general": NODE if site == MESENTERIC else site, None: None}[how["site"]]
    facts = {"tracking_id": name if how["named"] else None, "laterality": side if how["sided"] else None}
    return [row(name, POSITIVE if positive else NEGATIVE, site=shown, size_mm=Decimal(20), **facts)]


GROUP = [0, 1, 2, 2, 2, 3]
"""Pattern -> place of its group among P0, P1, P2-4, P5: the relation is not stated here."""


def worst(truth):
    return max({(True, True): 2, (True, False): 1, (False, True): 3, (False, False): 0}[each[1:3]] for each in truth)


@EACH
@given(truths)
def test_two_complete_reports_of_the_same_lesions_bound_the_truth_unless_a_match_is_marked_as_probable(truth):
    sstr = [one for place, each in enumerate(truth) for one in written(f"L{place}", each[0], each[1], each[3])]
    fdg = [one for place, each in enumerate(truth) for one in written(f"L{place}", each[0], each[2], each[4])]
    found = result(sstr, fdg)

    low, high = found.bounds or (0, 5)
    assert "lesion-match-probable" in found.reasons or GROUP[low] <= worst(truth) <= GROUP[high]


versions = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([SSTR, SSTR, FDG, FDG, None]),
        "status": st.sampled_from(list(ReportStatus)),
        "issued": st.sampled_from([None, *(DAY_0 + timedelta(hours=hour) for hour in (1, 2, 3))]),
        "accession": st.sampled_from("AB"),
        "acquired": st.sampled_from([None, *(DAY_0 + timedelta(days=day) for day in (0, 5, 5, 80)), THE_END]),
        "patient": st.sampled_from([JANE, JANE, replace(JANE, birth_date="19600102")]),
    }
)


def version(sequence, facts):
    facts = dict(facts)
    kind = facts.pop("kind")
    return kept(kind or SSTR, row(tracking_id="L"), read_as=kind, sequence=sequence, **facts)


def without_ties(history):
    """Of two versions that state and time put on a par, arrival decides: here none are."""
    undated = {(one["accession"], one["status"]) for one in history if one["issued"] is None}
    keyed = {
        (study := (one["accession"], one["status"]), None if study in undated else one["issued"]): one
        for one in history
    }
    return list(keyed.values())


histories = st.lists(versions, max_size=6)


def seen(pairs):
    return [(pair.id, pair.missing, sorted(pair.reasons), pair.waits_until(POLICY)) for pair in pairs]


@EACH
@given(histories.map(without_ties).flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_the_order_of_arrival_says_nothing(orders):
    one, other = (current_reports([version(place, facts) for place, facts in enumerate(order)]) for order in orders)

    assert [kept.report for kept in one] == [kept.report for kept in other]
    assert seen(pair_studies(one, POLICY)) == seen(pair_studies(other, POLICY))
    assert sorted(seen(retracted_pairs(one, POLICY))) == sorted(seen(retracted_pairs(other, POLICY)))


@EACH
@given(histories)
def test_a_history_sent_again_as_a_whole_changes_nothing(history):
    once = [version(place, facts) for place, facts in enumerate(history)]

    assert current_reports(once) == current_reports([*once, *once])


@EACH
@given(histories)
def test_any_history_has_pairs_with_names_of_their_own_and_each_study_once(history):
    current = current_reports([version(place, facts) for place, facts in enumerate(history)])
    pairs = pair_studies(current, POLICY)
    used = [id(one) for pair in pairs for one in pair.reports]

    assert len({pair.id for pair in pairs}) == len(pairs)
    assert len(set(used)) == len(used)
    assert all(pair_of(pair.id, current) == replace(pair, reasons=frozenset()) for pair in pairs)
    assert [assess(pair, POLICY).id for pair in pairs] == [pair.id for pair in pairs]


@EACH
@given(histories)
def test_no_retracted_study_is_ever_paired_and_no_standing_one_lost(history):
    current = current_reports([version(place, facts) for place, facts in enumerate(history)])
    standing = [one for one in current if one.report.kind and not one.report.study.status.is_retracted]
    used = [one for pair in pair_studies(current, POLICY) for one in pair.reports]

    assert sorted(map(id, used)) == sorted(map(id, standing))
