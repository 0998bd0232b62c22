"""The form of FHIR's rows: which Observations of a DiagnosticReport make up one lesion."""

from typing import Literal

from pydantic import Field, model_validator

from adapter.mapping.rules import CodeReference, FhirPathText, Flag, Form, Text


class FhirRows(Form):
    """Rows of a DiagnosticReport: an Observation with one of the ``lesion`` codes, or all that share a ``key``.

    What such an Observation names in ``hasMember`` belongs to its row, and its components do. ``key`` is a path from an
    Observation to the text or Reference that says which lesion it is of. ``members: false`` leaves hasMember alone.

    ``authorities`` are the site's names for identifier systems, as its HL7 v2 messages have them in CX.4 and EI.2 (a
    namespace or an OID): so one patient, and one study, is the same by both.
    """

    kind: Literal["fhir"]
    lesion: tuple[CodeReference, ...] = ()
    key: FhirPathText | None = None
    members: Flag = True
    authorities: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tells_rows_apart(self) -> "FhirRows":
        if not self.lesion and self.key is None:
            raise ValueError("rows are told apart by the `lesion` codes of their Observations, by a `key`, or by both")
        return self
