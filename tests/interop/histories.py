"""Random histories of patients: reports sent, corrected, doubled and taken back, while either side is restarted."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

STATUSES = ("P", "F", "C", "X")
"""OBR-25 in the order in which a report comes by them: preliminary, final, corrected, withdrawn."""
TRACERS = {"S": "724025002^Gallium-68 DOTATATE^SCT", "F": "35321007^Fluorodeoxyglucose F-18^SCT"}
DAYS_AGO = {"S": 8, "F": 4}
PATIENTS = 3
NOW = datetime.now(UTC)
"""The same for all of a run: the histories of two plans are the same messages."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: a message is sent, or the adapter or the server dies and comes back."""

    kind: Literal["send", "adapter dies", "server dies"]
    payload: bytes = b""


def history(seed: int) -> list[Step]:
    """Turn a seed into a history of a few patients; the same seed is the same history."""
    chance = random.Random(seed)
    patients = [f"H{seed:03d}{number}" for number in range(PATIENTS)]
    queues = [list(_reports(chance, patient, study)) for patient in patients for study in "SF"]
    queues = [queue for queue in queues if queue]
    steps: list[Step] = []
    while queues:
        queue = chance.choice(queues)
        payload = queue.pop(0)
        steps += [Step("send", payload)] * chance.choice((1, 1, 1, 2))
        queues = [one for one in queues if one]
    if chance.random() < 0.3:
        steps = _overtaken(chance, steps)
    steps.insert(chance.randrange(len(steps)), Step("adapter dies"))
    if seed % 10 == 0:
        steps.insert(chance.randrange(len(steps)), Step("server dies"))
    return steps


def _overtaken(chance: random.Random, steps: list[Step]) -> list[Step]:
    """Let one message overtake another: the order of arrival must not matter."""
    one, other = sorted(chance.sample(range(len(steps)), 2))
    return [*steps[:one], steps[other], *steps[one:other], *steps[other + 1 :]]


def _reports(chance: random.Random, patient: str, study: str) -> Iterator[bytes]:
    """The versions of one study's report, some of the four states left out; the tumour changes with a correction."""
    for number, status in enumerate(STATUSES):
        if chance.random() < (0.9 if status == "F" else 0.3):
            suv = chance.choice((3, 8, 14, 30))
            yield message(patient, study, status, number, suv)


def message(patient: str, study: str, status: str, number: int, suv: int) -> bytes:
    """Turn the facts of a report into its canonical message; ``number`` orders the versions of one report."""
    acquired = f"{NOW - timedelta(days=DAYS_AGO[study]):%Y%m%d}084500+0000"
    issued = f"{NOW - timedelta(days=2):%Y%m%d}{10 + number:02d}0000+0000"
    order = f"PL-{patient}{study}^RIS|ACC-{patient}{study}^RIS"
    lines = [
        f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|{issued}||ORU^R01|{patient}{study}{status}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{patient}^^^HOSP&1.2.3.4.5&ISO^MR||DOE^JANE||19600101|F",
        f"OBR|1|{order}|PET^PET/CT^99HOSP|||{acquired}|||||||||||||||{issued}|||{status}",
        f"OBX|1|CWE|123001^Radiopharmaceutical^DCM||{TRACERS[study]}||||||{status}",
        f"OBX|2|ST|lesions-complete^All lesions listed^99NETPET||yes||||||{status}",
        f"OBX|3|ST|112039^Tracking Identifier^DCM|1|L1||||||{status}",
        f"OBX|4|CWE|363698007^Finding site^SCT|1|10200004^Liver^SCT||||||{status}",
        f"OBX|5|CWE|uptake^Uptake^99NETPET|1|10828004^Positive^SCT||||||{status}",
        f"OBX|6|NM|126401^SUVbw^DCM|1|{suv}|g/mL{{SUVbw}}^^UCUM|||||{status}",
    ]
    return ("\r".join(lines) + "\r").encode()
