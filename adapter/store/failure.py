"""What the database answers when it cannot, in words for an operator: a cause and a remedy, never a value."""

from sqlalchemy.exc import DBAPIError

from adapter.outcome import StoreUnavailableError
from adapter.store.postgres_address import is_of_driver

NO_STORE_OF_OURS = "it holds no store of this version: check store.url, or bring it there (netpet-adapter db migrate)"

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
    "SQLITE_ERROR": NO_STORE_OF_OURS,  # our statements are whole: what can be missing is a table or a column
}
"""What each SQLite result code (sqlite.org/rescode.html) asks of an operator; extended codes begin with these."""


POSTGRES_REMEDIES = {
    "": "PostgreSQL cannot be reached or ended the connection: check that it runs, and store.url",
    "08": "the connection to PostgreSQL broke: the store goes on by itself when it can be reached",
    "57P": "PostgreSQL is stopping or starting: the store goes on by itself",
    "53100": "the disk of PostgreSQL is full: free space; the store goes on by itself",
    "53": "PostgreSQL has no room for this: check its connections and memory",
    "25006": "this PostgreSQL takes no writes (read-only, or a standby): name the primary in store.url",
    "28": "PostgreSQL refuses this user or password: check store.url and store.password_file",
    "3D000": "the database does not exist: create it (createdb), or check store.url",
    "42P01": NO_STORE_OF_OURS,
    "42703": NO_STORE_OF_OURS,
    "42501": "the database user may not do this: make it the owner of the database",
    "57014": "PostgreSQL did not finish in time: check its load",
    "55P03": "another process holds a lock for too long: check what else writes to the database",
    "40": "another process got in the way more than once: check the load of PostgreSQL",
    "23": "the database refused a row that breaks its own rules",
    "22": "PostgreSQL refused a value that it cannot hold",
    "XX": "PostgreSQL reports damage: stop the service, keep a copy and restore the last backup",
}
"""What each SQLSTATE of PostgreSQL, or its beginning, asks of an operator; empty: there was no answer at all."""


def unavailable(error: Exception) -> StoreUnavailableError:
    """Turn a failure of the database into the error that leaves this folder; the driver's text stays behind."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, StoreUnavailableError):
        return StoreUnavailableError(*cause.args)
    if is_of_driver(cause, "Error"):
        return StoreUnavailableError(_of_postgres(cause))
    name = str(getattr(cause, "sqlite_errorname", ""))
    for code, remedy in REMEDIES.items():
        if name.startswith(code):
            return StoreUnavailableError(f"{remedy} ({name})")
    return StoreUnavailableError(f"the store cannot be used ({name or type(cause).__name__})")


def _of_postgres(error: BaseException | None) -> str:
    state = str(getattr(error, "sqlstate", None) or "")
    if not state and not is_of_driver(error, "OperationalError"):
        return f"the store cannot be used ({type(error).__name__})"
    found = max((code for code in POSTGRES_REMEDIES if code and state.startswith(code)), key=len, default="")
    if state and not found:
        return f"PostgreSQL answered with an error ({state})"
    return POSTGRES_REMEDIES[found] + (f" (SQLSTATE {state})" if state else "")
