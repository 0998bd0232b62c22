"""Every order in which the versions of two studies may arrive, with every double, ends in the same published score."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lesion_tables import FDG, SSTR
from published_patients import AFTER_THE_LIMIT, NOW, C, F, P, Patient, X, version

from adapter.scoring.pairing import Pair

pytestmark = pytest.mark.slow

EACH = settings(
    max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def everything_of(last):
    """All versions of a study up to its last one."""
    return {F: (P, F), C: (P, F, C), X: (P, F, C, X)}[last]


orders = st.tuples(st.sampled_from([F, C, X]), st.sampled_from([F, C, X])).flatmap(
    lambda lasts: st.permutations(
        [version(kind, each) for kind, last in zip((SSTR, FDG), lasts, strict=True) for each in everything_of(last)] * 2
    )
)


def standing(destination):
    """The resources that anybody may rely on."""
    return {id_: one for id_, one in destination.observations().items() if one["status"] != "entered-in-error"}


async def arrived(reports, now, *, together):
    patient = Patient()
    for batch in [reports] if together else [[one] for one in reports]:
        await patient.gets(*batch, now=now)
    return patient


@EACH
@given(orders, st.sampled_from([NOW, AFTER_THE_LIMIT]))
async def test_every_order_of_arrival_with_every_double_ends_in_the_same_published_resources(reports, now):
    one_by_one, at_once = await arrived(reports, now, together=False), await arrived(reports, now, together=True)

    assert standing(one_by_one.destination) == standing(at_once.destination)


@EACH
@given(orders, st.sampled_from([NOW, AFTER_THE_LIMIT]))
async def test_what_only_another_order_ever_showed_is_entered_in_error(reports, now):
    one_by_one, at_once = await arrived(reports, now, together=False), await arrived(reports, now, together=True)

    more = one_by_one.destination.observations().keys() - at_once.destination.observations().keys()
    assert at_once.destination.observations().keys() <= one_by_one.destination.observations().keys()
    assert {one_by_one.destination.observations()[id_]["status"] for id_ in more} <= {"entered-in-error"}


@EACH
@given(orders)
async def test_the_score_of_the_pair_is_the_very_same_in_every_order(reports):
    score_id = Pair(version(SSTR), version(FDG)).id

    one_by_one, at_once = await arrived(reports, NOW, together=False), await arrived(reports, NOW, together=True)

    assert one_by_one.destination.held[("Observation", score_id)] == at_once.destination.held[("Observation", score_id)]
