"""The plan ``transaction``: all resources of a score in one Bundle, or in as few as the server allows."""

from collections.abc import Sequence

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.resource import Resource
from adapter.outbound.answers import ServerAnswer, Verdict, refusal, verdict_of
from adapter.outbound.plans.bundle_entries import entry_answers, is_atomic, transaction_bundle
from adapter.outbound.plans.finding import Finder
from adapter.outbound.plans.naming import identifier_of, name_of
from adapter.outbound.plans.writing import ResourceWriter, write_in_order

MOST_TRIES = 3
"""Of one Bundle in one delivery; each after the first knows what the server holds."""


async def write_together(writer: ResourceWriter, resources: Sequence[Resource]) -> None:
    """Bring resources to the server in transactions; what is known to be there is left out. Raises DeliveryError."""
    missing = [resource for resource in resources if not writer.finder.places.stands(resource)]
    size = writer.finder.rules.max_entries or len(missing) or 1
    for start in range(0, len(missing), size):
        await _write_part(writer, missing[start : start + size])


async def _write_part(writer: ResourceWriter, part: list[Resource]) -> None:
    finder = writer.finder
    unsure = [resource for resource in part if _is_unsure(finder, resource)]
    part = await _read_back(finder, part, unsure)
    for _ in range(MOST_TRIES):
        if not part:
            return
        await finder.places.begin(part)
        answer = await finder.server.send("POST", "", transaction_bundle(finder, part))
        if verdict_of(answer) is Verdict.OK:
            await _take_answers(writer, part, answer)
            return
        if verdict_of(answer) not in (Verdict.CONFLICT, Verdict.GONE):
            raise refusal(answer)
        problem = refusal(answer)
        part = await _read_back(finder, part, part)
    if part:
        raise problem


def _is_unsure(finder: Finder, resource: Resource) -> bool:
    """May it be there although we do not know where? Then nothing is sent before the server was asked."""
    if finder.rules.client_ids:
        return False
    unknown = finder.address(name_of(resource)) is None
    return finder.places.is_begun(name_of(resource)) or (unknown and not finder.rules.conditional_update)


async def _read_back(finder: Finder, part: list[Resource], unsure: Sequence[Resource]) -> list[Resource]:
    """Ask the server for what is in doubt and note where it is; gives what is still to be written.

    What names others comes after them: a Provenance is found by the score's address.
    """
    named = [resource for resource in unsure if identifier_of(resource)]
    for some in (named, [resource for resource in unsure if not identifier_of(resource)]):
        found = await finder.look_up(some)
        for resource in some:
            await finder.note(resource, found[name_of(resource)])
    return [resource for resource in part if not finder.places.stands(resource)]


async def _take_answers(writer: ResourceWriter, part: list[Resource], answer: ServerAnswer) -> None:
    """Look at every entry; where the server ran a batch, or an entry failed, what is left is written one by one."""
    places = writer.finder.places
    answers = entry_answers(answer, part)
    if answers is None:
        raise DeliveryError(Answer(answer.status, rule="a transaction was not answered entry by entry"))
    whole = is_atomic(answer) and all(one.verdict is Verdict.OK for one in answers)
    for resource, one in zip(part, answers, strict=True):
        if one.verdict is Verdict.OK:
            name = name_of(resource)
            places.found(name, one.server_id or places.of(name).server_id, one.version)
    if not whole:
        await places.keep_found(part)
        await write_in_order(writer, part)
        return
    created = [resource for resource, one in zip(part, answers, strict=True) if one.status == 201]
    writer.created += created
    await places.keep_found(created)
    await places.stand(*(resource for resource in part if resource not in created))
