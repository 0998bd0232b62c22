"""A synthetic radiology report of 15 KB and 86 OBX: 12 lesions in 74 coded observations, and 12 of prose.

As radiology systems do, it says with each observation when it was made and by whom (OBX-14, OBX-16).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

LESIONS = 12
PROSE_LINES = 12

_HEADER = (
    "MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|{day}141700+0100||ORU^R01^ORU_R01|{control_id}|P|2.5.1||||||UNICODE UTF-8",
    "PID|1||{patient}^^^HOSP^MR||DOE^JANE||19600101|F",
    "PV1|1|O|NUCMED^PET2",
    "ORC|RE|PL-{patient}^RIS|ACC-{patient}-{study}^RIS",
    (
        "OBR|1|PL-{patient}^RIS|ACC-{patient}-{study}^RIS|PET-{study}^PET/CT whole body^99HOSP|||{day}084500+0100"
        "|||||||||||||||{day}140500+0100|||F"
    ),
)
_TRACERS = {
    "S": "724025002^Gallium-68 DOTATATE^SCT",
    "F": "35321007^Fluorodeoxyglucose F-18^SCT",
}
_DAYS_AGO = {"S": 8, "F": 4}
"""Both scans are recent whenever this runs: a study waits for its partner for weeks only."""
_OBSERVER = "4711^ROE^RICHARD^^^DR"
_SITES = ("10200004^Liver^SCT", "272673000^Bone^SCT", "59441001^Lymph node^SCT")
_SENTENCE = (
    "Focal uptake clearly above background in the segment described, sharply delineated on the low-dose CT \\T\\ "
    "without a change of size against the earlier examination.\\.br\\The surrounding parenchyma shows a physiological "
    "distribution of the tracer; no further focus is seen at this level, in spite of breathing artefacts. "
)


def report(control_id: str, patient: str, study: str = "S", lesions: int = LESIONS) -> bytes:
    """Turn a control id, a patient's number and a study (S: SSTR, F: FDG) into the bytes of a report of that study."""
    day = f"{datetime.now(UTC) - timedelta(days=_DAYS_AGO[study]):%Y%m%d}"
    names = {"control_id": control_id, "patient": patient, "study": study, "day": day}
    lines = [line.format(**names) for line in _HEADER]
    end = f"|||||F|||{day}120500+0100||{_OBSERVER}"
    lines += [f"OBX|{number}|{rest}{end}" for number, rest in enumerate(_observations(study, lesions), start=1)]
    return ("\r".join(lines) + "\r").encode()


def _observations(study: str, lesions: int) -> Iterator[str]:
    yield f"CWE|123001^Radiopharmaceutical^DCM||{_TRACERS[study]}|"
    yield "ST|lesions-complete^All lesions listed^99NETPET||yes|"
    for lesion in range(1, lesions + 1):
        suv = f"{20 + lesion}.5" if study == "S" else f"{lesion}.5"
        yield f"ST|112039^Tracking Identifier^DCM|{lesion}|L{lesion}|"
        yield f"CWE|363698007^Finding site^SCT|{lesion}|{_SITES[lesion % len(_SITES)]}|"
        yield f"CWE|uptake^Uptake^99NETPET|{lesion}|10828004^Positive^SCT|"
        yield f"NM|krenning^Modified Krenning score^99NETPET|{lesion}|4|"
        yield f"NM|126401^SUVbw^DCM|{lesion}|{suv}|g/mL{{SUVbw}}^^UCUM"
        yield f"NM|103339001^Long axis^SCT|{lesion}|{10 + lesion}|mm^^UCUM"
    for number in range(1, PROSE_LINES + 1):
        yield f"FT|59776-5^Procedure findings^LN||{number}. {_SENTENCE}{_SENTENCE[: 150 + number]}|"


class ReportSeries:
    """Makes reports quickly: the text is made once, only numbers are put in. Each patient has the given studies."""

    def __init__(self, name: str, studies: str = "S", lesions: int = LESIONS) -> None:
        self._name = name
        self._texts = [report("@CONTROL@", "@PATIENT@", study, lesions).decode() for study in studies]
        self.made = 0

    def next(self) -> bytes:
        """The next report: all studies of one patient, then those of a new one; no control id comes twice."""
        patient, study = divmod(self.made, len(self._texts))
        self.made += 1
        identifier = f"{self._name}{patient:07d}"
        text = self._texts[study].replace("@CONTROL@", f"C{study}{identifier}").replace("@PATIENT@", identifier)
        return text.encode()
