"""The FHIR R4 format without sockets: the resources we send, and how we answer."""
