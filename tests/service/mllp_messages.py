"""Messages that are read, held or refused, and that ask for the answers that a test is about."""


def message(
    control_id: str, outcome: str = "read", accept: str = "", application: str = "", version: str = "2.5.1"
) -> bytes:
    """A whole report, one that names no status (held), or one of a processing ID that is none (refused)."""
    processing_id = "Q" if outcome == "refused" else "P"
    status = "" if outcome == "held" else "F"
    lines = (
        f"MSH|^~\\&|RIS|NUC|||20261120101500||ORU^R01^ORU_R01|{control_id}|{processing_id}|{version}|||{accept}|{application}",
        f"PID|1||{control_id}^^^HOSP^MR||DOE^JANE||19600101|F",
        f"OBR|1|P|A-{control_id}|81555-5^PET+CT whole body FDG^LN|||20261119100500+0100{'|' * 18}{status}",
        "OBX|1|CE|123001^Radiopharmaceutical^DCM||35321007^Fluorodeoxyglucose F-18^SCT||||||F",
    )
    return "".join(f"{line}\r" for line in lines).encode()
