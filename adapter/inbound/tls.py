"""TLS for a listener: 1.2 or later with modern suites, client certificates, new files without dropping anyone."""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from adapter.outcome import AdapterError

_TLS12_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
_SHORT_NAMES = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}


class TlsError(AdapterError):
    """The certificate files do not make a working TLS listener."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our chain and key, the key's password, and the authorities of the clients (then one is required)."""

    certificate: Path
    key: Path
    key_password: Path | None = None
    client_authorities: Path | None = None

    def paths(self) -> tuple[Path, ...]:
        """Give the files that are set."""
        every = (self.certificate, self.key, self.key_password, self.client_authorities)
        return tuple(path for path in every if path is not None)


class ClientList:
    """Says whether a verified client certificate may connect, by its subject or its SHA-256 fingerprint.

    Subjects are RFC 4514 text, as ``openssl x509 -noout -subject -nameopt RFC2253`` prints it; fingerprints are hex,
    with or without colons.
    """

    def __init__(self, subjects: Iterable[str] = (), fingerprints: Iterable[str] = ()) -> None:
        self._subjects = frozenset(subjects)
        self._fingerprints = frozenset(entry.replace(":", "").lower() for entry in fingerprints)

    def allows(self, peer: ssl.SSLObject) -> bool:
        """Turn a finished handshake into whether its client certificate is on the list."""
        fingerprint = sha256(peer.getpeercert(binary_form=True) or b"").hexdigest()
        return fingerprint in self._fingerprints or certificate_subject(peer) in self._subjects


class Refresh(Enum):
    """What a look at the certificate files came to."""

    UNCHANGED = "unchanged"
    RELOADED = "reloaded"
    FAILED = "failed"


class ServerTls:
    """Turns certificate files into the context of the next handshake; connections that stand keep theirs.

    Raises TlsError when the files as they are at the start cannot be used.
    """

    def __init__(self, files: TlsFiles, clients: ClientList | None = None) -> None:
        if clients is not None and files.client_authorities is None:
            raise TlsError("a list of client certificates needs the authorities that issue them")
        self._files = files
        self._clients = clients
        self._seen = _signature(files)
        self.context = server_context(files)

    def admits(self, peer: ssl.SSLObject) -> bool:
        """Turn a finished handshake into whether its client may speak."""
        return self._clients is None or self._clients.allows(peer)

    def renewing_context(self, refreshed: Callable[[Refresh], None]) -> ssl.SSLContext:
        """Give a context to a server that keeps one: each of its handshakes goes on with the files as they are then.

        ``refreshed`` is told what a look at the files came to, unless they are unchanged.
        """
        kept = server_context(self._files)

        def renew(peer: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
            refresh = self.refresh()
            if refresh is not Refresh.UNCHANGED:
                refreshed(refresh)
            peer.context = self.context

        kept.sni_callback = renew
        return kept

    def refresh(self) -> Refresh:
        """Load the files again if they changed; while they cannot be used the former context stays."""
        seen = _signature(self._files)
        if seen == self._seen:
            return Refresh.UNCHANGED
        self._seen = seen
        try:
            self.reload()
        except TlsError:
            return Refresh.FAILED
        return Refresh.RELOADED

    def reload(self) -> None:
        """Load the files again; raises TlsError and keeps the former context when they cannot be used."""
        self.context = server_context(self._files)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Turn certificate files into a context for TLS 1.2 and 1.3 with forward secrecy; raises TlsError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_SUITES)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.load_cert_chain(files.certificate, files.key, password=_password(files.key_password))
        if files.client_authorities is not None:
            context.load_verify_locations(files.client_authorities)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise TlsError(f"the certificate files cannot be used: {_reason(error)}") from error
    return context


def certificate_subject(peer: ssl.SSLObject | None) -> str | None:
    """Turn a finished handshake into its client certificate's subject (RFC 4514), None without a verified one."""
    certificate = peer.getpeercert() if peer is not None else None
    if not certificate:
        return None
    names = certificate["subject"]
    return ",".join("+".join(_attribute(*pair) for pair in reversed(name)) for name in reversed(names))


def _attribute(name: str, value: str) -> str:
    escaped = "".join(f"\\{sign}" if sign in ',+"\\<>;' else sign for sign in value).replace("\0", "\\00")
    if escaped.startswith((" ", "#")):
        escaped = f"\\{escaped}"
    if escaped.endswith(" ") and len(value) > 1:
        escaped = f"{escaped[:-1]}\\ "
    return f"{_SHORT_NAMES.get(name, name)}={escaped}"


def _password(file: Path | None) -> str:
    # Never left out: without one OpenSSL would ask on the terminal and the service would hang at its start.
    return file.read_text(encoding="utf-8").rstrip("\r\n") if file is not None else ""


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__


def _signature(files: TlsFiles) -> tuple[tuple[int, int, int], ...]:
    return tuple(_file_signature(path) for path in files.paths())


def _file_signature(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
