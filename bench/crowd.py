"""A crowd that harms nobody else: connections that are silent, and connections that send a block a byte at a time."""

import socket
import sys
import time

from bench.report_message import report

IDLE = 200
DRIBBLING = 50
PAUSE = 0.1
"""Seconds between two bytes: far within the time-out inside a block, so that none of them is ever cut off."""


def main(host: str, port: int) -> None:
    """Open all connections, say so on standard output, and dribble until killed."""
    idle = [socket.create_connection((host, port)) for _ in range(IDLE)]
    dribbling = [socket.create_connection((host, port)) for _ in range(DRIBBLING)]
    blocks = [b"\x0b" + report(f"D{number}", f"D{number}") for number in range(DRIBBLING)]
    print(len(idle) + len(dribbling), flush=True)
    position = 0
    while True:
        for connection, block in zip(dribbling, blocks, strict=True):
            connection.sendall(block[position : position + 1])
        position += 1
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
