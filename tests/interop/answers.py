"""What we answer, good and bad, in every version: read back by hl7apy and by python-hl7."""

from collections.abc import Iterator
from dataclasses import dataclass

import hl7
from exchange import FIXTURES, Checks
from hl7.client import MLLPClient
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
"""Those that hl7apy has tables of; 2.7.1 and 2.9 are read back by python-hl7 alone."""
WITHOUT_STRUCTURE = ("2.1", "2.2", "2.3")
ONLY_PYTHON_HL7 = ("2.7.1", "2.9")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message made from a fixture, and the code that its answer must have."""

    name: str
    version: str
    payload: bytes
    control_id: str
    code: str


def check(address: tuple[str, int], checks: dict[str, Checks]) -> None:
    """Send a good message and four faulty ones in each version on one connection; read every answer back twice."""
    with MLLPClient(*address) as client:
        for version in (*VERSIONS, *ONLY_PYTHON_HL7):
            for sent in _messages(version):
                answer = client.send_message(sent.payload).strip(b"\x0b\x1c\r").decode()
                checks["python-hl7"].take("answers read back", sent.name, _by_python_hl7(answer, sent))
                if version in VERSIONS:
                    checks["hl7apy"].take("answers read back", sent.name, _by_hl7apy(answer, sent))


def _messages(version: str) -> Iterator[Sent]:
    first, _, rest = (FIXTURES / "demo" / "01_p0_1_sstr.hl7").read_bytes().partition(b"\r")
    changes = {
        "good": ({}, "AA"),
        "another type": ({8: b"ADT^A01"}, "AR"),
        "no processing ID": ({10: b""}, "AE"),
        "unknown processing ID": ({10: b"X"}, "AR"),
        "wrong character set": ({}, "AE"),
    }
    for name, (fields, code) in changes.items():
        control_id = f"{version}-{name.replace(' ', '-')}"[:20]
        header = first.split(b"|")
        for position, value in {9: control_id.encode(), 11: version.encode(), **fields}.items():
            header[position] = value
        end = b"NTE|1||caf\xe9\r" if name == "wrong character set" else b""
        yield Sent(f"{version} {name}", version, b"|".join(header) + b"\r" + rest + end, control_id, code)


def _by_python_hl7(answer: str, sent: Sent) -> str | None:
    try:
        msa = hl7.parse(answer).segment("MSA")
    except (hl7.HL7Exception, KeyError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
    return _wrong((str(msa[1]), str(msa[2])), sent)


def _by_hl7apy(answer: str, sent: Sent) -> str | None:
    try:
        message: Message = parse_message(answer, validation_level=_level(sent))
        if _level(sent) == VALIDATION_LEVEL.STRICT:
            message.validate()
        msa = message.msa
    except HL7apyException as error:
        return f"{type(error).__name__}: {error}"
    return _wrong((msa.msa_1.value, msa.msa_2.value), sent)


def _level(sent: Sent) -> int:
    """Strict wherever it can be: hl7apy takes the structure from MSH-9.3, which the standard has from 2.3.1 on."""
    level: int = VALIDATION_LEVEL.TOLERANT if sent.version in WITHOUT_STRUCTURE else VALIDATION_LEVEL.STRICT
    return level


def _wrong(found: tuple[str, str], sent: Sent) -> str | None:
    expected = (sent.code, sent.control_id)
    return None if found == expected else f"MSA-1, MSA-2 are {found} instead of {expected}"
