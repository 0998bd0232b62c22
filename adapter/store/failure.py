"""What the database answers when it cannot, in words for an operator: a cause and a remedy, never a value."""

from sqlalchemy.exc import DBAPIError

from adapter.outcome import StoreUnavailableError

REMEDIES = {
    "SQLITE_FULL": "the disk (or the file's size limit) is full: free space; the store goes on by itself",
    "SQLITE_READONLY": "the database file or its folder is read-only: give the service the right to write there",
    "SQLITE_IOERR": "the disk answers with errors or a size limit: check it before anything else",
    "SQLITE_CANTOPEN": "the database file cannot be opened: check that its folder exists and may be written to",
    "SQLITE_BUSY": "another program holds the database locked: close it",
    "SQLITE_LOCKED": "another program holds the database locked: close it",
    "SQLITE_NOTADB": "the file is not a database of this program: check store.url",
    "SQLITE_CORRUPT": "the database file is damaged: stop the service, keep a copy and restore the last backup",
    "SQLITE_CONSTRAINT": "the database refused a row that breaks its own rules",
}
"""What each SQLite result code (sqlite.org/rescode.html) asks of an operator; extended codes begin with these."""


def unavailable(error: Exception) -> StoreUnavailableError:
    """Turn a failure of the database into the error that leaves this folder; the driver's text stays behind."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, StoreUnavailableError):
        return StoreUnavailableError(*cause.args)
    name = str(getattr(cause, "sqlite_errorname", ""))
    for code, remedy in REMEDIES.items():
        if name.startswith(code):
            return StoreUnavailableError(f"{remedy} ({name})")
    return StoreUnavailableError(f"the store cannot be used ({name or type(cause).__name__})")
