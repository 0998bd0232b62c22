"""What unit tests of several files are given."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drop_site import Dropped

from adapter.inbound.events import EVENTS


@pytest.fixture
def dropped(tmp_path: Path) -> Iterator[Dropped]:
    """A drop folder of the test's own; all that it tells is an event that is known, and none names a file."""
    made = Dropped(tmp_path)
    yield made
    assert set(made.events) <= EVENTS
    assert not [facts for _, facts in made.told if "report" in str(facts)]
