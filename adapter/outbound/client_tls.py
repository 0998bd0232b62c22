"""TLS of requests that we make: 1.2 or later, the site's own authorities, our certificate where one is asked for."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.watched_file import Signature, signature


@dataclass(frozen=True, slots=True)
class ClientTlsFiles:
    """PEM files; without ``authorities`` those of the system hold."""

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: Path | None = None

    def signature(self) -> tuple[Signature | None, ...]:
        """Turn the files into what changes when one of them does."""
        files = (self.authorities, self.certificate, self.key, self.key_password)
        return tuple(signature(file) for file in files if file is not None)


class ClientTls:
    """Turns the files into the context of the next connection; a context for connections that stand stays theirs."""

    def __init__(self, files: ClientTlsFiles, setting: str = "destination.tls") -> None:
        self._files = files
        self._setting = setting
        self._seen: tuple[Signature | None, ...] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Give the context of now; raises DeliveryError (to be tried again) while no usable files were there."""
        seen = self._files.signature()
        if seen != self._seen:
            self._seen = seen
            try:
                self._context = _context(self._files)
            except (OSError, ValueError):
                self._seen = None
        if self._context is None:
            raise DeliveryError(Answer(rule=f"{self._setting}: the files cannot be used"))
        return self._context


def _context(files: ClientTlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=files.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.key, password=_password(files.key_password))
    return context


def _password(file: Path | None) -> str:
    # Never left out: without one OpenSSL would ask on the terminal.
    return file.read_text(encoding="utf-8").rstrip("\r\n") if file is not None else ""
