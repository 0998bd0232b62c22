"""How we show a FHIR server who we are: nothing, a password, a token, a signed assertion."""
