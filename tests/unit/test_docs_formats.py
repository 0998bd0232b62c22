"""The page of formats: its message is read as it says, its table is scored as it says, its codes are in the mapping."""

import json
import re
from pathlib import Path

import pytest

from adapter.cli.score import score_table
from adapter.fhir.identity import OID_ROOT
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction, read_message
from adapter.scoring.lesion import Uptake
from adapter.scoring.report import TracerKind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/formats.md").read_text("utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
MAPPING = (ROOT / "mappings/canonical.yaml").read_text("utf-8")


def block(start):
    return next(text for text in BLOCKS if text.startswith(start))


def test_the_message_on_the_page_is_read_as_the_page_says():
    message = Message.parse(block("MSH").replace("\n", "\r"))

    reading = read_message(message, MappingSet.load(ROOT / "mappings"))

    assert isinstance(reading, Extraction)
    (report,) = reading.reports
    assert report.kind is TracerKind.FDG
    assert report.study.is_exhaustive
    assert report.study.status.is_final
    assert [(row.row, row.tracking_id, row.finding.uptake) for row in report.rows] == [("1", "L1", Uptake.POSITIVE)]
    assert f"{report.study.acquired:%d}" == "19"


def test_the_table_on_the_page_has_the_result_on_the_page():
    shown = json.loads(block('{"outcome"').replace("{...}", "{}"))

    result = json.loads(json.dumps(score_table(block('{"studies"'))))

    assert result | {"policy": {}} == shown


@pytest.mark.parametrize("code", sorted(set(re.findall(r"obx: \[([^\^\]]+)\^", MAPPING))))
def test_every_code_that_the_canonical_mapping_reads_is_on_the_page(code):
    within_a_span = {str(number) for number in range(126402, 126407)}

    assert f"`{code}`" in PAGE or code in within_a_span


@pytest.mark.parametrize("site", re.findall(r"- (\d+)\^", MAPPING))
def test_every_site_and_side_of_the_canonical_mapping_is_on_the_page(site):
    assert site in PAGE


def test_the_page_has_our_root():
    assert OID_ROOT in PAGE
