"""Runs the cases of a mapping against it alone, whatever its status: a draft is tested before it is active."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from adapter.mapping.cases import TEST_SUFFIX, Case, CaseFile, read_cases
from adapter.mapping.cases_compare import Difference, differences
from adapter.mapping.cases_got import Got, got
from adapter.mapping.cases_reading import Door, InputReading, inline_message, is_inline, open_door, read_input
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.site_mapping import SiteMapping

Fetch = Callable[[str], bytes]
"""Turns an input's name into its bytes; raises OSError."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went: it holds when nothing differs. ``got`` is None where an input cannot be read from disk."""

    case: Case
    differences: tuple[Difference, ...]
    got: Got | None = None

    @property
    def holds(self) -> bool:
        """Did all come out as expected?"""
        return not self.differences


def run_cases(
    cases: CaseFile, mapping: SiteMapping, fetch: Fetch, door: Door = open_door
) -> Iterator[tuple[CaseResult, tuple[InputReading, ...]]]:
    """Turn the cases of a mapping into their results, each with its inputs as read."""
    mappings = alone(mapping)
    for case in cases.cases:
        yield _run(case, mappings, fetch, door)


def alone(mapping: SiteMapping) -> MappingSet:
    """Turn a mapping of any status into a set in which it alone is active."""
    form = mapping.form.model_copy(update={"status": "active"})
    return MappingSet((replace(mapping, form=form),))


def _run(case: Case, mappings: MappingSet, fetch: Fetch, door: Door) -> tuple[CaseResult, tuple[InputReading, ...]]:
    contents = []
    for name in case.input:
        try:
            contents.append(content_of(name, fetch))
        except OSError as error:
            unread = Difference("input", name, f"the file cannot be read: {error.strerror}")
            return CaseResult(case, (unread,)), ()
    inputs = tuple(read_input(content, mappings, door) for content in contents)
    found = got(case, inputs)
    return CaseResult(case, tuple(differences(case, found)), found), inputs


def content_of(name: str, fetch: Fetch) -> bytes:
    """Turn an input, a file's name or the message itself, into the message's bytes; raises OSError."""
    return inline_message(name) if is_inline(name) else fetch(name)


def cases_file_of(mapping: Path) -> Path:
    """Turn a mapping's path into that of its tests: ``site.yaml`` into ``site.test.yaml``."""
    return mapping.with_name(mapping.name.removesuffix(".yaml") + TEST_SUFFIX)


def from_folder(folder: Path) -> Fetch:
    """Turn the folder of a test file into what fetches its inputs."""
    return lambda name: (folder / name).read_bytes()


def run_beside(mapping: SiteMapping, folder: Path, door: Door = open_door) -> tuple[CaseResult, ...]:
    """Turn a mapping into the results of the cases beside it in a folder; none when it has no test file.

    Raises MappingFileError for a test file that has not its form, OSError for one that cannot be read.
    """
    file = cases_file_of(folder / mapping.file)
    if not file.exists():
        return ()
    cases, _ = read_cases(file.read_bytes(), file.name)
    return tuple(result for result, _ in run_cases(cases, mapping, from_folder(folder), door))
