"""Reports that come as FHIR: which Observations are a lesion's, and where in the resources each fact stands."""
