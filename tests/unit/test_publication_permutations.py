"""All versions of two studies, doubled, in both formats, in any order of arrival: one state in the end, or an alarm."""

import random
from dataclasses import replace
from itertools import permutations

import pytest
from arrival_orders import Held, Told, orders, versions
from hypothesis import given, settings
from hypothesis import strategies as st
from lesion_tables import DAY_0, FDG, SSTR
from published_patients import C, F, P, X, version

from adapter.scoring.assessment import assess
from adapter.scoring.pairing import pair_studies, retracted_pairs
from adapter.scoring.result import Policy
from adapter.scoring.versions import current_reports

pytestmark = pytest.mark.slow

SEEDS = 12
ORDERS = 100
"""Patients of one seed: 1,200 orders of arrival in all."""

WHOLE = versions("S", "PFCX") + versions("F", "PFCX")
HISTORIES = {
    "both retracted": WHOLE,
    "one retracted": versions("S", "PFC") + versions("F", "PFCX"),
    "both corrected": versions("S", "PFC") + versions("F", "PFC"),
    "both final": versions("S", "PF") + versions("F", "PF"),
    "written again after its retraction": [*versions("S", "PFCX"), Told("S", "F", 6, hour=9), *versions("F", "PF")],
    "contradicted, and settled by a correction": [
        *versions("S", "PF"),
        *versions("F", "PF"),
        Told("F", "F", 3),
        *versions("F", "C"),
    ],
    "contradicted": [*versions("S", "PF"), *versions("F", "PF"), Told("F", "F", 3)],
    "both contradicted by their corrections": [
        *versions("S", "PFC"),
        Told("S", "C", 6),
        *versions("F", "PFC"),
        Told("F", "C", 9),
    ],
}
ALARMED = {"contradicted", "both contradicted by their corrections"}


def disordered(history, chance):
    """The messages of a history, some doubled, some by FHIR, in an order of their own, in bursts of their own."""
    doubled = history + [replace(told, again=1) for told in history if chance.random() < 0.3]
    doubled += [told for told in history if chance.random() < 0.1]
    doubled = [replace(told, fhir=chance.random() < 0.4) for told in doubled]
    chance.shuffle(doubled)
    cuts = sorted(chance.sample(range(1, len(doubled)), chance.randrange(1, 3)))
    return [doubled[start:end] for start, end in zip([0, *cuts], [*cuts, len(doubled)], strict=True)]


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_every_order_ends_in_the_state_that_the_right_order_ends_in_or_in_an_alarm(tmp_path, seed):
    chance = random.Random(seed)
    names = [chance.choice(list(HISTORIES)) for _ in range(ORDERS)]
    in_order = [[[told] for told in history] for history in HISTORIES.values()]
    async with orders(tmp_path) as running:
        await running.arrive([*in_order, *(disordered(HISTORIES[name], chance) for name in names)])
        held_of_all = running.held(len(HISTORIES) + ORDERS)

    meant = dict(zip(HISTORIES, held_of_all, strict=False))
    for name, held in zip(names, held_of_all[len(HISTORIES) :], strict=True):
        assert (held.score, held.standing) == (meant[name].score, meant[name].standing), (seed, name)
        assert is_alarmed(held) == (name in ALARMED)


def is_alarmed(held: Held) -> bool:
    return "duplicate-conflict" in held.reasons and held.grade is None


async def test_what_the_orders_end_in_is_what_the_reports_say(tmp_path):
    async with orders(tmp_path) as running:
        await running.arrive([[[told] for told in history] for history in HISTORIES.values()])
        found = dict(zip(HISTORIES, running.held(len(HISTORIES)), strict=True))

    assert {name: (held.grade, held.score["status"]) for name, held in found.items()} == {
        "both retracted": (None, "entered-in-error"),
        "one retracted": (None, "entered-in-error"),
        "both corrected": ("P2a", "corrected"),
        "both final": ("P3a", "preliminary"),
        "written again after its retraction": ("P4a", "preliminary"),
        "contradicted, and settled by a correction": ("P2a", "corrected"),
        "contradicted": (None, "preliminary"),
        "both contradicted by their corrections": (None, "corrected"),
    }


async def test_a_contradiction_is_told_on_the_message_in_the_audit_and_in_the_metrics(tmp_path):
    async with orders(tmp_path) as running:
        await running.arrive([[[told] for told in HISTORIES["contradicted"]]])
        (last, *_), audit = await running.store.messages(), await running.store.audit_trail()
        noted = (await running.store.message(last.id)).notes
        (score,) = await running.store.scores(("published",))
        counted = running.telemetry.registry.get_sample_value("netpet_conflicting_messages_total")

    assert [note.partition(":")[0] for note in noted] == ["duplicate-conflict"]
    assert [(entry.action, entry.subject) for entry in audit] == [("duplicate-conflict", last.id)]
    assert counted == 1
    assert score.summary["review_required"]
    assert last.id in score.summary["messages"]
    assert len(score.summary["messages"]) == 3


def scores_of(reports):
    """All that the reports come to, the order of arrival and what it is known by left out."""
    current = [replace(one, sequence=0) for one in current_reports(reports)]
    pairs = [*pair_studies(current, Policy()), *retracted_pairs(current, Policy())]
    return [repr(assess(pair, Policy())) for pair in pairs]


EIGHT = [version(kind, status) for kind in (SSTR, FDG) for status in (P, F, C, X)]


def test_all_orders_of_the_eight_versions_come_to_the_same_scores():
    """8! = 40,320 orders of arrival; what is current is looked at in each, what it scores once for each outcome."""
    named = [replace(one, source=replace(one.source, sha256=str(place))) for place, one in enumerate(EIGHT)]
    found = {}
    for order in permutations(named):
        reports = [replace(one, sequence=place) for place, one in enumerate(order)]
        current = current_reports(reports)
        found.setdefault(tuple(one.source.sha256 for one in current), reports)

    assert list(found) == [("7", "3")]
    assert len({tuple(scores_of(reports)) for reports in found.values()}) == 1


def moved(report, hours, facts):
    """The same version at another hour of the same days, with facts of its study."""
    study = replace(report.report.study, **facts)
    return replace(report, report=replace(report.report, study=study, issued=DAY_0.replace(hour=hours)))


timelines = st.lists(
    st.builds(
        moved, st.sampled_from(EIGHT), st.integers(8, 11), st.sampled_from([{}, {"extent": "localised"}, {"ki67": "3"}])
    ),
    min_size=2,
    max_size=9,
)


@settings(max_examples=1000, deadline=None, database=None, derandomize=True)
@given(timelines.flatmap(lambda reports: st.tuples(st.just(reports), st.permutations(reports * 2))))
def test_any_history_of_two_studies_comes_to_the_same_scores_in_every_order_with_every_double(orders_of_it):
    once, doubled = (scores_of(named(reports)) for reports in orders_of_it)

    assert once == doubled


def named(reports):
    """Reports as they arrived; what says the same has the same bytes."""
    every = sorted({repr(one.report) for one in reports})
    return [
        replace(one, sequence=place, source=replace(one.source, sha256=f"{every.index(repr(one.report)):064}"))
        for place, one in enumerate(reports)
    ]
