"""A certificate for loopback that is its own authority, made anew for a test run."""

import ssl
from pathlib import Path

from certificates import own_certificate


class OwnCertificate:
    """PEM files in a folder; with a password the key is encrypted and ``password_file`` holds it."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        files = own_certificate(folder, password)
        self.file, self.key, self.password_file = files.certificate, files.key, folder / "own.password"
        self.password_file.write_text(password or "")

    def server(self) -> ssl.SSLContext:
        """What makes a server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key, password=self.password_file.read_text())
        return context
