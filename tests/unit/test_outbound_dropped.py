"""What a server did not keep is named by its path, and what it merely writes in its own way is not."""

from copy import deepcopy
from decimal import Decimal

import pytest

from adapter.outbound.dropped import dropped_elements

OURS = {
    "resourceType": "Observation",
    "id": "1",
    "meta": {"profile": ["urn:oid:1"], "security": [{"code": "DEVAST"}]},
    "text": {"status": "generated"},
    "status": "final",
    "subject": {"reference": "Patient/1", "identifier": {"value": "1"}},
    "component": [{"valueQuantity": {"value": Decimal("3.10")}}, {"valueInteger": 2}],
}


def changed(**elements):
    return deepcopy(OURS) | elements


def test_what_is_kept_is_not_named():
    assert dropped_elements(deepcopy(OURS), OURS) == []


def test_what_a_server_writes_in_its_own_way_is_kept():
    theirs = changed(
        id="77",
        text={"status": "additional"},
        meta={"versionId": "1", "profile": ["urn:other", "urn:oid:1"], "security": [{"code": "DEVAST"}]},
        subject={"reference": "https://server/Patient/9", "identifier": {"value": "1"}},
        issued="2026",
    )
    del theirs["text"]

    assert dropped_elements(theirs, OURS) == []


@pytest.mark.parametrize(
    ("elements", "paths"),
    [
        ({"status": "preliminary"}, ["Observation.status"]),
        ({"meta": {"profile": [], "security": [{"code": "DEVAST"}]}}, ["Observation.meta.profile"]),
        ({"meta": {}}, ["Observation.meta.profile", "Observation.meta.security"]),
        ({"subject": {"identifier": {"value": "1"}}}, ["Observation.subject.reference"]),
        (
            {"component": [{"valueQuantity": {"value": Decimal(3)}}]},
            ["Observation.component (1 of 2)", "Observation.component[0].valueQuantity.value"],
        ),
        ({"component": {}}, ["Observation.component"]),
    ],
)
def test_what_is_gone_or_changed_is_named_by_its_path(elements, paths):
    assert dropped_elements(changed(**elements), OURS) == paths


def test_a_number_with_other_digits_of_the_same_value_is_the_same():
    theirs = changed(component=[{"valueQuantity": {"value": Decimal("3.1")}}, {"valueInteger": 2}])

    assert dropped_elements(theirs, OURS) == []
