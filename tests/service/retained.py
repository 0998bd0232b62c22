"""The messages that tests of retention send, and the key of the person who asks."""

from under_test import FIXTURES

KEY = "0123456789abcdef0123"
PAIRS = sorted((FIXTURES / "demo").glob("*.hl7"))
HELD = (
    b"MSH|^~\\&|RIS|HOSP|NETPET|HOSP|20261120101500||ORU^R01|HELD1|P|2.5\rPID|1||900900^^^HOSP||DOE^HELD\r"
    b"OBR|1||ACC1|126401^PET^DCM|||20261119\rOBX|1|ST|nonsense^x^L||pet\r"
)
