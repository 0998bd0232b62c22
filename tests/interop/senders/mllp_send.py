"""python-hl7's command ``mllp_send``: all files as one stream of blocks over one connection, as a resend of a log is.

Usage: mllp_send.py HOST PORT FILE...; prints a line of JSON a message.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

COMMAND = Path(sys.executable).parent / "mllp_send"


def main(host: str, port: str, files: list[str]) -> None:
    with tempfile.NamedTemporaryFile(suffix=".mllp") as stream:
        stream.write(b"".join(b"\x0b" + Path(file).read_bytes() + b"\x1c\r" for file in files))
        stream.flush()
        command = [str(COMMAND), "--file", stream.name, "--port", port, host]
        printed = subprocess.run(command, check=True, capture_output=True, timeout=120).stdout
    answers = [block.strip(b"\x0b\r\n") for block in printed.split(b"\x1c") if block.strip(b"\r\n")]
    for file, answer in zip(files, answers, strict=True):
        fields = next(line.split(b"|") for line in answer.split(b"\r") if line.startswith(b"MSA"))
        code, control_id = fields[1].decode(), fields[2].decode()
        print(json.dumps({"file": file, "answer": answer.decode(), "code": code, "control_id": control_id}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
