"""Drafts of a mapping from samples, for the tests of drafting."""

from adapter.hl7v2.message import Message
from adapter.mapping.drafting import draft
from adapter.mapping.drafting_survey import survey
from adapter.mapping.form import Mapping
from adapter.mapping.site_mapping import SiteMapping, site_mapping

CLASS = ("CWE", "CLS^Class^99X", "1", "MAL^Malignant^99X")


def drafted(*messages: str):
    return draft(survey(Message.parse(message) for message in messages), "site")


def form(*messages: str) -> Mapping:
    return loaded(drafted(*messages).text).form


def loaded(text: str) -> SiteMapping:
    return site_mapping(text.encode(), "site.yaml")
