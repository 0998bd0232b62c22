"""Patients without end, made from a seed: reports preliminary, final, corrected, withdrawn, doubled, out of order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

VERSIONS = "PFCCX"
"""OBR-25 in the order in which a report comes by them: preliminary, final, corrected twice, withdrawn."""
CHANCES = (0.3, 0.95, 0.4, 0.2, 0.08)
TRACERS = {"S": "724025002^Gallium-68 DOTATATE^SCT", "F": "35321007^Fluorodeoxyglucose F-18^SCT"}
DAYS_AGO = {"S": 8, "F": 4}
AT_ONCE = 8
"""Patients whose reports come mixed."""
DOUBLED = 0.1


class Hospital:
    """An endless row of messages; the same seed on the same day gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"hospital {seed}")
        self._seed = seed
        self._today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def messages(self) -> Iterator[bytes]:
        """Mix the reports of a few patients at a time; some messages come twice, some overtake others."""
        patients = (f"K{self._seed:04d}{number:05d}" for number in range(100_000))
        queues = [queue for _ in range(AT_ONCE) for queue in self._studies(next(patients))]
        sent: list[bytes] = []
        while True:
            queue = self._chance.choice(queues)
            if not queue:
                queues.remove(queue)
                if len(queues) < 2 * AT_ONCE:
                    queues += self._studies(next(patients))
                continue
            late = self._chance.random() < 0.1
            payload = queue.pop(-1 if late else 0)
            sent.append(payload)
            yield payload
            if self._chance.random() < DOUBLED:
                yield self._chance.choice(sent[-30:])

    def _studies(self, patient: str) -> list[list[bytes]]:
        return [list(self._reports(patient, study)) for study in "SF"]

    def _reports(self, patient: str, study: str) -> Iterator[bytes]:
        """The versions of one study's report; the tumour changes with a correction."""
        for number in range(len(VERSIONS)):
            if self._chance.random() < CHANCES[number]:
                yield self._message(patient, study, number, self._chance.choice((3, 8, 14, 30)))

    def _message(self, patient: str, study: str, number: int, suv: int) -> bytes:
        """Turn the facts of a report into its canonical message; ``number`` orders the versions of one report."""
        status = VERSIONS[number]
        acquired = f"{self._today - timedelta(days=DAYS_AGO[study]):%Y%m%d}084500+0000"
        issued = f"{self._today - timedelta(days=2):%Y%m%d}{10 + number:02d}0000+0000"
        order = f"PL-{patient}{study}^RIS|ACC-{patient}{study}^RIS"
        lines = [
            f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|{issued}||ORU^R01|{patient}{study}{number}|P|2.5.1||||||UNICODE UTF-8",
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
