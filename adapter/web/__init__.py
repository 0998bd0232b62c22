"""HTTP out: the FHIR read endpoint and the health of the service."""
