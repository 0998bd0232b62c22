"""A certificate for loopback that is its own authority, made anew for a test run."""

import ssl
import subprocess
from pathlib import Path

_NEW = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN=Test"
_NAMES = "-addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"


class OwnCertificate:
    """PEM files in a folder; with a password the key is encrypted and ``password_file`` holds it."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        self.file, self.key, self.password_file = folder / "own.pem", folder / "own.key", folder / "own.password"
        self.password_file.write_text(password or "")
        protection = ["-nodes"] if password is None else ["-passout", f"pass:{password}"]
        out = ["-keyout", str(self.key), "-out", str(self.file)]
        subprocess.run(["openssl", *_NEW.split(), *protection, *_NAMES.split(), *out], check=True, capture_output=True)

    def server(self) -> ssl.SSLContext:
        """What makes a server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key, password=self.password_file.read_text())
        return context
