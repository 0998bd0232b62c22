"""The content of a file to the payloads in it: messages and batches as they stand, or blocks as from a socket."""

from collections.abc import Iterator

from adapter.hl7v2.mllp import Block, Fault, MllpDecoder
from adapter.outcome import Problem

_BLANKS = b" \t\r\n\x00"


def payloads_of(content: bytes) -> Iterator[Block | Fault]:
    """Turn a file's content into its payloads, and into faults what stands outside of blocks or never ended."""
    if not content.lstrip(_BLANKS).startswith(b"\x0b"):
        yield Block(content)
        return
    decoder = MllpDecoder(max_block=len(content))
    yield from decoder.feed(content)
    behind = b"" if decoder.inside_block else content[len(content) - decoder.held :]
    yield from decoder.end()
    if behind.strip(_BLANKS):
        yield Fault(Problem.JUNK_BETWEEN_BLOCKS, b"", "bytes behind the last block")
