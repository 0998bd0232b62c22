"""How ``netpet-adapter replay`` says what became of messages, or would: lines without who the patient is."""

from collections.abc import Iterator
from typing import Any

from adapter.cli.visible import visible

LEFT = {
    "not-kept": "their bytes are not kept, so they cannot be read anew",
    "never-read": "no mapping has read them: replay them with --current",
    "mapping-not-here": "{} read them and is not here: put its file back with status: retired, or use --current",
}
NAMES = {"state": "", "outcome": "outcome ", "grade": "grade ", "group": "group ", "status": "status "}


def replay_lines(members: dict[str, Any]) -> list[str]:
    """Turn what was set back into lines."""
    return [*_left(members), f"{members['replayed']} message(s) will be read anew"]


def preview_lines(members: dict[str, Any]) -> list[str]:
    """Turn what would change into lines."""
    lines = [line for one in members["messages"] for line in _message(one)]
    lines += [line for one in members["scores"] for line in _score(one)]
    return [visible(line) for line in (*lines, *_left(members), *_totals(members))]


def changes_a_score(score: dict[str, Any]) -> bool:
    """Is a grade, a group or the state another one than it is now?"""
    then, now = (score[side] or {} for side in ("then", "now"))
    return any(then.get(name) != now.get(name) for name in ("grade", "group", "state"))


def _left(members: dict[str, Any]) -> Iterator[str]:
    for one in members["left"]:
        yield f"left out: {one['count']} message(s): {LEFT[one['why']].format(one['mapping'])}"


def _message(one: dict[str, Any]) -> Iterator[str]:
    yield f"message {one['message']}  received {one['received']}"
    yield f"    then  {_reading(one['then'])}"
    yield f"    now   {_reading(one['now'])}"
    for fact in one["facts"]:
        row = f"row {fact['row']}" if fact["row"] else "the report"
        yield f"    report {fact['report']}, {row}, {fact['fact']}: {fact['then']} -> {fact['now']}"


def _reading(said: dict[str, Any]) -> str:
    if said["reading"] != "read":
        return str(said["reading"])
    return f"read by {said['mapping']}: {said['reports']} report(s), {said['lesions']} lesion(s)"


def _score(one: dict[str, Any]) -> Iterator[str]:
    yield f"score {one['score']}"
    yield f"    then  {_standing(one['then'])}"
    yield f"    now   {_standing(one['now'])}"


def _standing(said: dict[str, Any] | None) -> str:
    if said is None:
        return "there is none"
    words = [f"{word}{said[name]}" for name, word in NAMES.items() if said[name] is not None]
    return ", ".join([*words, *(said["reasons"] or [])])


def _totals(members: dict[str, Any]) -> Iterator[str]:
    readings = ", ".join(f"{count} {word}" for word, count in sorted(members["readings"].items())) or "none"
    yield f"{members['read']} message(s) looked at, as they would be now: {readings}"
    yield f"{len(members['messages'])} would say something else, {len(members['scores'])} score(s) would change"
    if members["delivered_anew"]:
        yield f"{members['delivered_anew']} score(s) would be delivered anew, if only for the mapping that they name"
    yield "nothing was written, nothing was delivered"
