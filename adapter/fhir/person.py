"""Who decided on a score, as a reference to a person that no server need hold."""

from adapter.fhir.rendering import Confirmation
from adapter.fhir.resource import Element
from adapter.fhir.text import clean, exact


def person(confirmation: Confirmation) -> Element:
    """Turn who decided into a Reference by name; raises RenderError for a name that cannot be written as it is."""
    return {"type": "Practitioner", "display": exact(clean(confirmation.by), "the name of who confirmed")}
