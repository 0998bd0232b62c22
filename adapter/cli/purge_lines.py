"""How ``netpet-adapter purge`` prints what would go, and what went."""

from typing import Any

from adapter.cli.visible import visible


def plan_lines(told: dict[str, Any]) -> str:
    """Turn what would go into lines."""
    advice = "nothing was removed: with --reason TEXT --yes it is"
    also = [f"named in a message that stays: {one}  (look at it; --also {one} removes it)" for one in told["named_in"]]
    return "\n".join([*_what(told), *_elsewhere(told, "stands, see to it first"), *also, advice])


def purged_lines(told: dict[str, Any]) -> str:
    """Turn what went, and the proof of it, into lines."""
    kept = told["messages_kept_without_body"]
    shared = [f"{kept} message(s) about others as well stay, without their body"] if kept else []
    reasons = told["reasons_taken_out"]
    taken = [f"{reasons} reason(s) in the audit named the patient and were taken out"] if reasons else []
    proof = [f"digest {told['digest']}", f"key    {told['key']}  (keep it: with the identifier it gives the digest)"]
    return "\n".join([*_what(told), *shared, *taken, *_elsewhere(told, "was left"), *_proof(told), *proof])


def _what(told: dict[str, Any]) -> list[str]:
    rows = [f"{table:<20}{count:>8}" for table, count in told["rows"].items() if count]
    return [f"{told['records']} record(s) of the patient", *rows]


def _elsewhere(told: dict[str, Any], said: str) -> list[str]:
    return [visible(f"{said}: {one['destination']}  {one['what']}  {one['state']}") for one in told["elsewhere"]]


def _proof(told: dict[str, Any]) -> list[str]:
    if told["unproven"]:
        return [f"NOT PROVEN: the rows are gone; whether others name the patient was not seen: {told['unproven']}"]
    found = [
        f"STILL NAMED: {one['table']}.{one['column']} in {one['rows']} row(s)  {' '.join(one['messages'])}".rstrip()
        for one in told["traces"]
    ]
    looked_for, in_file = told["looked_for"], told["bytes_in_file"]
    if in_file is not None:
        found.append(
            f"STILL IN THE FILE at {in_file} place(s)" if in_file else "the file's bytes do not name the patient"
        )
    said = f"looked for {looked_for['numbers']} number(s) and {looked_for['names']} name(s)"
    return [said, *found] if told["traces"] else [said, "no row names the patient", *found]
