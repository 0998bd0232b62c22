"""``make fuzz GUIDED=60``: so many seconds of streams that atheris bends until they reach code that none reached.

The same contract as in run.py. What is found is written to ``crash-...`` in the corpus folder, which is printed; a
file is tried again by giving its name. All that atheris (libFuzzer) takes can be given: ``-runs=1000``, ``-seed=7``.
"""

import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["adapter"], enable_loader_override=False):
    from fuzz.contract import Contract

from fuzz.mutations import LONGEST, MUTATIONS, SAMPLES, SPLICES, STREAMS

CONTRACT = Contract()


def hold(data: bytes) -> None:
    """The first byte says where the stream is cut, the rest is the stream."""
    places = [data[0] * len(data) // 256] if data else []
    CONTRACT.hold_for(data[1:], [place for place in places if place <= len(data) - 1])


def bend(data: bytes, size: int, seed: int) -> bytes:
    """Every other time hurt the stream as senders do, else as libFuzzer does."""
    choice = random.Random(seed)
    if choice.random() < 0.5 or not data:
        return atheris.Mutate(data, size)
    return (data[:1] + choice.choice(MUTATIONS)(choice, data[1:]))[:size]


def corpus(folder: Path) -> list[str]:
    """Write the samples as the first streams, and the marks of the format as a dictionary."""
    for number, sample in enumerate((*(b"\x80\x0b" + one + b"\x1c\r" for one in SAMPLES), *STREAMS)):
        (folder / f"sample-{number:04}").write_bytes(sample)
    words = "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in SPLICES)
    (folder / "words.dict").write_text(words + "\n")
    return [f"-dict={folder / 'words.dict'}", f"-max_len={LONGEST}", f"-artifact_prefix={folder}/", "-timeout=10"]


def main() -> None:
    given = sys.argv[1:]
    folder = Path(tempfile.mkdtemp(prefix="netpet-fuzz-"))
    print(f"corpus and findings: {folder}", file=sys.stderr)
    streams = [] if any(not one.startswith("-") for one in given) else [str(folder)]
    arguments = [sys.argv[0], *corpus(folder), *given, *streams]
    atheris.Setup(arguments, hold, custom_mutator=bend)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
