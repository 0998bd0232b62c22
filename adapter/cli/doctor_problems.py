"""``doctor`` tells what waits for a person: held messages, dead letters, answers that were given up."""

from adapter.cli.doctor_findings import Finding, note, well
from adapter.outcome import StoreUnavailableError
from adapter.settings import Settings
from adapter.store.backup import reading
from adapter.store.open_problems import open_problems

LIST_DEAD = "netpet-adapter replay --dead"


def look_at_problems(settings: Settings) -> list[Finding]:
    """Turn a store into what is open in it, a note for each kind; nothing where it cannot be asked."""
    try:
        with reading(settings.store.url, settings.store.password_file) as connection:
            found = open_problems(connection)
    except StoreUnavailableError:
        return []
    notes = [
        (found.held, "message(s) are held", "netpet-adapter messages list"),
        (found.dead_letters, "score(s) were not taken by their destination", LIST_DEAD),
        (found.answers, "answer(s) to senders were given up", LIST_DEAD),
    ]
    seen = [note("problems", f"{count} {says}", advice) for count, says, advice in notes if count]
    return seen or [well("problems", "nothing waits for a person")]
