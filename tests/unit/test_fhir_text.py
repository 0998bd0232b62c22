"""Text of others: a blank that cannot be seen says nothing, whoever takes it for one."""

import pytest

from adapter.fhir.resource import RenderError
from adapter.fhir.text import clean, exact


@pytest.mark.parametrize("blank", ["\ufeff", "\u00a0", " \ufeff\u2003", "\u2028", "\u3000\ufeff\n"])
def test_a_text_of_blanks_alone_is_no_text(blank):
    assert clean(blank) == ""
    assert clean(f"{blank}left{blank}side{blank}") == f"left{blank}side"
    with pytest.raises(RenderError, match=r"Patient\.identifier is empty"):
        exact(blank, "Patient.identifier")


def test_a_blank_inside_a_text_stays():
    assert clean("left\u00a0side") == "left\u00a0side"
