"""python-hl7's MLLPClient as a sender: each file on one connection, each answer parsed by hl7.parse.

Usage: python_hl7_client.py HOST PORT FILE...; prints a line of JSON a message.
"""

import json
import sys
from pathlib import Path

import hl7
from hl7.client import MLLPClient


def main(host: str, port: int, files: list[str]) -> None:
    with MLLPClient(host, port) as client:
        for file in files:
            answer = client.send_message(Path(file).read_bytes()).strip(b"\x0b\x1c\r")
            message = hl7.parse(answer, encoding="utf-8")
            msa = message.segment("MSA")
            print(json.dumps({"file": file, "answer": answer.decode(), "code": str(msa[1]), "control_id": str(msa[2])}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
