"""Codes of standard systems that the clinical contract verifies (docs/mapping-lint.md), and SNOMED CT's check digit."""

from adapter.fhir.terminology import SITES

KNOWN: dict[str, frozenset[str]] = {
    "SCT": frozenset(
        {
            *SITES,
            "35321007", "724025002", "781259000", "35337001", "3932008", "77004003",  # tracers, radionuclides
            "443271005", "702767007",  # procedures
            "56851009", "103339001", "103340004", "363698007", "272741003",  # maximum, axes, site, laterality
            "10828004", "260385009", "42425007",  # positive, negative, equivocal
            "24028007", "7771000", "51440002",  # right, left, bilateral
            "372087000", "14799000", "255046005",  # primary, secondary, neuroendocrine tumour
        }
    ),
    "LN": frozenset({"81555-5", "44139-4", "18748-4", "59776-5", "19005-8", "29593-1"}),
    "DCM": frozenset(
        {
            "123001", "126400", "126401", "126402", "126403", "126404", "126405", "126406", "126031",
            "112039", "112040", "121151",
        }
    ),
    "UMLS": frozenset({"C2713594"}),
}  # fmt: skip
"""System as a mapping names it -> its verified codes; a test holds them to the page."""

_TIMES = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
"""The multiplication of the dihedral group D5, as SNOMED CT's technical guide prints it (Verhoeff)."""

_SHIFTED = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def is_sctid(code: str) -> bool:
    """Is it a SNOMED CT identifier: 6 to 18 digits of which the last checks the others?"""
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 18):
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = int(_TIMES[check][int(_SHIFTED[position % 8][int(digit)])])
    return check == 0
