"""A preview on a terminal: segments in the colours of the facts that they fed, the lesion table, the score."""

from collections.abc import Iterable
from itertools import cycle

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapter.cli.visible import visible
from adapter.fhir.terminology import SIDES_BY_CODE, SITES
from adapter.mapping.preview import PROSE, MessageView, Preview, ReportView, SegmentView
from adapter.scoring.result import Score

_COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_yellow")
_NOT_USED = "dim"
_HELD = "bold red"
_FIRST_COLUMNS = ("row", "site", "laterality", "nature", "uptake", "krenning", "suv", "relation", "size_mm", "count")


def show(found: Preview, console: Console) -> None:
    """Print a preview; each fact has one colour throughout."""
    colours = _colours(found)
    console.print(
        f"{found.mapping.name}  sha256 {found.mapping.sha256}  {found.mapping.file}", style="bold", soft_wrap=True
    )
    for message in found.messages:
        _show_message(message, colours, console)
    for score in found.scores:
        _show_score(score, console)


def _colours(found: Preview) -> dict[str, str]:
    facts = dict.fromkeys(fact for message in found.messages for fact in _facts(message))
    return dict(zip(facts, cycle(_COLOURS), strict=False))


def _facts(message: MessageView) -> Iterable[str]:
    fields = (fact for segment in message.segments for field in segment.fields for fact in field.facts)
    return (*fields, *(fact for _, fact in message.paths))


def _show_message(message: MessageView, colours: dict[str, str], console: Console) -> None:
    console.print()
    style = "bold" if message.state == "read" else _HELD
    console.print(f"{message.name}: {message.state}", style=style, soft_wrap=True)
    for segment in message.segments:
        console.print(_line(segment, colours), soft_wrap=True)
    for path, fact in message.paths:
        console.print(Text(visible(f"{path}  <- {fact}"), colours[fact]), soft_wrap=True)
    if message.unused:
        console.print(Text(visible(f"read by no rule: {'; '.join(message.unused)}"), _HELD), soft_wrap=True)
    for note in message.notes:
        console.print(Text(f"note: {note}", _NOT_USED), soft_wrap=True)
    for report in message.reports:
        _show_report(report, console)


def _line(segment: SegmentView, colours: dict[str, str]) -> Text:
    """A field in the colour of the first fact that it fed; behind the segment, all that it fed."""
    is_held = segment.label.startswith("held")
    text = Text(segment.id, "" if segment.is_used else _NOT_USED)
    for field in segment.fields:
        text.append("|", _NOT_USED)
        text.append(visible(field.text), colours[field.facts[0]] if field.facts else _NOT_USED)
    fed = dict.fromkeys(fact for field in segment.fields for fact in field.facts)
    for fact in fed:
        text.append(f"  <- {fact}", colours[fact])
    if segment.label:
        text.append(f"  [{segment.label}]", _HELD if is_held else _NOT_USED if segment.label == PROSE else "red")
    return text


def _show_report(report: ReportView, console: Console) -> None:
    facts = ", ".join(f"{fact}: {visible(text)}" for fact, text in report.facts.items())
    console.print(Text(facts), soft_wrap=True)
    named = {fact for lesion in report.lesions for fact in lesion}
    columns = [fact for fact in _FIRST_COLUMNS if fact in named]
    columns += sorted(named - set(columns))
    table = Table(title="lesions", title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for lesion in report.lesions:
        table.add_row(*(_readable(column, lesion.get(column, "")) for column in columns))
    if report.lesions:
        console.print(table)
    else:
        console.print("no lesions")


def _readable(fact: str, text: str) -> str:
    """A code is followed by what it means."""
    if fact == "site" and text in SITES:
        return f"{text} {SITES[text]}"
    if fact == "laterality" and text in SIDES_BY_CODE:
        return SIDES_BY_CODE[text].display.lower()
    return visible(text)


def _show_score(score: Score, console: Console) -> None:
    result = score.result
    console.print()
    grade = f"{result.grade or 'no grade'} ({result.group or 'no group'})"
    review = ", needs review" if result.review_required else ""
    console.print(f"score: {grade}, {result.outcome.value}{review}", style="bold")
    if result.reasons:
        console.print(f"reasons: {', '.join(result.reasons)}")
    console.print(visible(result.explanation), soft_wrap=True)
