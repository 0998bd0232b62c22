"""The settings on each destination's page can be used as they stand."""

from pathlib import Path

import pytest

from adapter.settings import load_settings

FOLDER = Path(__file__).parents[2] / "docs/destinations"
PAGES = sorted(FOLDER.glob("*.md"))
FHIR = {"hapi", "azure", "google", "healthlake", "medplum", "aidbox"}
INTERFACE = {"epic", "oracle", "results-interface"}


def test_every_destination_that_we_know_has_its_page():
    assert {page.stem for page in PAGES} == FHIR | INTERFACE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_settings_on_a_page_can_be_loaded(page, tmp_path):
    blocks = page.read_text("utf-8").split("```yaml\n")[1:]
    for block in blocks:
        file = tmp_path / "netpet.yaml"
        file.write_text(block.partition("```")[0], "utf-8")

        assert (load_settings(file).destination.plan == "oru") is (page.stem in INTERFACE)
    assert blocks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_is_lost_and_how_to_test(page):
    text = page.read_text("utf-8").lower()

    assert "what is lost" in text
    assert "how to test" in text
    assert "doctor" in text
