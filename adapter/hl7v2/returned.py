"""An application level answer as a message of its own, for a peer that is not the connection the message came on."""

from adapter.hl7v2.header import read_header

_ACCEPT, _APPLICATION = 15, 16
"""MSH-15 and MSH-16."""


def as_message(answer: bytes) -> bytes:
    """Turn the payload of an AA, AE or AR into one that asks its receiver for an accept (MSH-15 AL), and no more.

    All else stays byte for byte: repeated, it is the same message under the same MSH-10. Source: v2.5 section 2.9.3,
    in which the answer starts an exchange of its own.
    """
    header = read_header(answer)
    _, end, others = answer.partition(b"\r")
    fields = [*header.fields[1:], *[""] * (_APPLICATION - len(header.fields))]
    fields[_ACCEPT - 2 : _APPLICATION - 1] = ["AL", "NE"]
    line = header.encoding.field.join(["MSH", *fields])
    return line.encode(header.codec) + end + others
