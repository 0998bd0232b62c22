"""What a code leads to is found once and kept; what is kept has its bounds, whatever a sender puts into OBX-3."""

from mapping_messages import FDG, MAPPINGS, POSITIVE, oru

from adapter.hl7v2.message import Message
from adapter.mapping.codebook import KEPT, LONGEST, Codebook
from adapter.mapping.extract import extract
from adapter.mapping.plan import Plan
from adapter.mapping.site_mapping import site_mapping


def plan() -> Plan:
    """The canonical plan, fresh: nothing is kept in it yet."""
    return site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml").plan


def read(codebook: Codebook, *codes: str) -> None:
    message = Message.parse(oru(*(("ST", code, "", "x") for code in codes)))
    for obx in message.all("OBX"):
        codebook.entry(obx)


def test_a_code_is_found_once_for_all_its_rows_and_messages():
    fresh = plan()
    message = Message.parse(oru(FDG, POSITIVE, (*POSITIVE[:2], "2", *POSITIVE[3:])))

    assert extract(message, fresh) == extract(message, fresh)
    assert len(fresh.codebook) == 2


def test_a_sender_of_ever_new_codes_does_not_fill_the_memory():
    codebook = plan().codebook
    read(codebook, *(f"C{number}^x^L" for number in range(KEPT)))

    assert len(codebook) == KEPT
    read(codebook, "ONE-MORE^x^L")
    assert len(codebook) == 1


def test_what_is_too_long_for_a_code_is_read_and_not_kept():
    codebook = plan().codebook
    read(codebook, "C" * (LONGEST + 1))

    assert len(codebook) == 0
