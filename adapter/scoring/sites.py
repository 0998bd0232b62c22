"""Anatomy as far as matching needs it: which sites hold others, which need a side, which sides exclude each other."""

CONTAINS = {
    "59441001": {"279795009", "62683002", "91394001", "76838003"},  # lymph node: mesenteric, mediastinal, ...
    "30315005": {"34516001", "38848004"},  # small intestine: ileum, duodenum
    "71854001": {"66754008", "34402009"},  # colon: appendix and rectum are reported under it
    "72410000": {"62683002", "9875009"},  # mediastinum: its nodes, thymus
    "15425007": {"279795009"},  # peritoneum: a mesenteric deposit is called either
}
"""Site (SNOMED CT) -> sites that a reader may mean by it."""

PAIRED_ORGANS = frozenset({"39607008", "15497006", "76838003"})
"""Lung, ovary, supraclavicular node: such a site means nothing without a side."""

UNPAIRED = frozenset(
    {
        "10200004",  # liver
        "15776009",  # pancreas
        "272673000",  # bone
        "59441001",  # lymph node
        "279795009",  # mesenteric node
        "62683002",  # mediastinal node
        "91394001",  # retroperitoneal node
        "15425007",  # peritoneum
        "69695003",  # stomach
        "38848004",  # duodenum
        "30315005",  # small intestine
        "34516001",  # ileum
        "66754008",  # appendix
        "71854001",  # colon
        "34402009",  # rectum
        "9875009",  # thymus
        "72410000",  # mediastinum
        "78961009",  # spleen
    }
)
"""Sites that one may match by without a side. A site that is on neither list may be a paired organ."""

LISTED = UNPAIRED | PAIRED_ORGANS
"""Sites of which this page knows what they are; any other code may name anything."""

BILATERAL = "51440002"


def lacks_side(site: str | None, laterality: str | None) -> bool:
    """Would the site need a side to say where it is?"""
    return laterality is None and site not in UNPAIRED


def sides_agree(one: str | None, other: str | None) -> bool:
    """A side that is not stated contradicts none; left is never right."""
    return one is None or other is None or one == other


def sides_overlap(one: str | None, other: str | None) -> bool:
    """May both be said of one lesion? Bilateral holds left and right."""
    return sides_agree(one, other) or BILATERAL in (one, other)


def sites_overlap(one: str | None, other: str | None) -> bool:
    """May both be said of one lesion: the same site, one part of the other, or one that is not stated or not known?"""
    if one is None or other is None or one == other:
        return True
    if one not in LISTED or other not in LISTED:
        return True
    return not _reach(one).isdisjoint(_reach(other))


def _reach(site: str) -> set[str]:
    """The site and what a reader may mean by it: "lymph node" and "mediastinum" are both said of a mediastinal node."""
    return {site} | CONTAINS.get(site, set())
