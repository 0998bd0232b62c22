"""A message and the site's mappings become reports, or the reason why not."""

from dataclasses import dataclass

from adapter.hl7v2.message import Message, MessageError
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import ExtractionError
from adapter.mapping.extract import extract
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Held, Ignored
from adapter.scoring.report import PetReport


@dataclass(frozen=True, slots=True)
class Extraction:
    """The message was understood: its reports, the mapping that read it, and what was noted beside them.

    What the parser tolerated is in `Message.deviations` and is not said twice.
    """

    reports: tuple[PetReport, ...]
    mapping_id: str
    mapping_version: str
    mapping_sha256: str
    notes: tuple[str, ...] = ()


def read_message(message: Message | str, mappings: MappingSet) -> Extraction | Held | Ignored:
    """Turn a message, parsed or as decoded text, into its reports by the one mapping that owns it; raises nothing."""
    try:
        parsed = message if isinstance(message, Message) else Message.parse(message)
        owner = mappings.owner_of(parsed)
        return _read(parsed, owner) if isinstance(owner, SiteMapping) else owner
    except MessageError as error:
        return Held(error.problem, error.place, error.rule)
    except ExtractionError as error:
        return error.held


def _read(message: Message, owner: SiteMapping) -> Extraction:
    extracted = extract(message, owner.plan)
    form = owner.form
    return Extraction(extracted.reports, form.id, form.version, owner.sha256, extracted.notes)
