"""The record of which content stood under which version: ``versions.lock`` beside the mappings, a line a version.

``canonical@1.0.0 <sha256>``. A line is written once and never changed: what an approver signed stays what it was.
"""

from collections.abc import Iterable, Mapping

from adapter.mapping.errors import MappingFault, MappingFileError
from adapter.mapping.site_mapping import SiteMapping

VERSIONS_FILE = "versions.lock"

_HEAD = (
    "# Which content stood under which version (sha256 without approval and status). netpet-adapter map lint --record\n"
)


def read_versions(text: str, file: str = VERSIONS_FILE) -> dict[str, str]:
    """Turn the record's text into ``id@version`` -> sha256; raises MappingFileError for a line that is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, digest = line.strip().partition(" ")
        if not digest or name in found:
            fault = MappingFault(file, number, 1, "a line is `id@version sha256`, and each version stands there once")
            raise MappingFileError([fault])
        found[name] = digest.strip()
    return found


def record_of(known: Mapping[str, str], mappings: Iterable[SiteMapping]) -> str:
    """Turn the record so far and mappings into the new record's text: what is known stays, what is new is added."""
    new = {mapping.name: mapping.sha256 for mapping in mappings if mapping.name not in known}
    return _HEAD + "".join(f"{name} {digest}\n" for name, digest in sorted((*known.items(), *new.items())))
