"""The mapping files on the disk: did they change, can all of them be used, and do they pass the tests beside them?"""

from collections.abc import Callable, Iterator
from pathlib import Path

from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.intake import check_header
from adapter.mapping.cases_run import cases_file_of, run_beside
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFault, MappingFileError
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Refused

ATTEMPTS = 3
"""Readings of files that change meanwhile, before the attempt is given up."""

Signature = tuple[tuple[str, int, int, int, int], ...]
"""Name, inode, size and times of every file; a ConfigMap exchanges a symlink, so that the inode is another one."""

Prove = Callable[[MappingSet, Path], Iterator[MappingFault]]
"""Turns a set and its directory into what its own tests find wrong."""


def signature(directory: Path) -> Signature:
    """Turn a directory into what changes whenever a mapping in it, or a test beside one, does."""
    found = []
    for path in sorted(directory.glob("*.yaml")):
        try:
            status = path.stat()
        except OSError:
            found.append((path.name, 0, 0, 0, 0))
        else:
            found.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(found)


def load_proven(directory: Path, prove: Prove) -> MappingSet:
    """Turn a directory into a set that loads whole and passes its tests; raises MappingFileError with every fault.

    A set is never put together of files from before and after a change: then all are read anew.
    """
    for _ in range(ATTEMPTS):
        before = signature(directory)
        mappings, faults = _read(directory, prove)
        if signature(directory) == before:
            break
    else:
        faults = [MappingFault(str(directory), 0, 0, "the files keep changing: nothing is read from them")]
    if faults or mappings is None:
        raise MappingFileError(faults)
    return mappings


def _read(directory: Path, prove: Prove) -> tuple[MappingSet | None, list[MappingFault]]:
    try:
        mappings = MappingSet.load(directory)
        return mappings, list(prove(mappings, directory))
    except MappingFileError as error:
        return None, list(error.faults)


def door(payload: bytes) -> Refused | None:
    """Turn a message into the receiver's refusal, None when it would be taken."""
    try:
        check_header(read_header(payload))
    except FormatError as error:
        return Refused(error.problem, error.place, error.rule)
    return None


def prove(mappings: MappingSet, directory: Path) -> Iterator[MappingFault]:
    """Turn a set into a fault for each active mapping that fails the tests beside it; what they got is not said."""
    for mapping in mappings.active:
        tests = cases_file_of(directory / mapping.file).name
        try:
            failing = [result.case.name for result in run_beside(mapping, directory, door) if not result.holds]
        except MappingFileError as error:
            yield from error.faults
        except OSError as error:
            yield MappingFault(tests, 0, 0, f"the file cannot be read: {error.strerror}")
        else:
            if failing:
                cure = f"run `netpet-adapter map test {mapping.form.id}`"
                yield MappingFault(tests, 0, 0, f"cases that fail: {len(failing)}, the first is {failing[0]!r}: {cure}")


def silent_changes(old: MappingSet, new: MappingSet) -> Iterator[MappingFault]:
    """Turn two sets into a fault for each active mapping whose content changed and whose version did not.

    Reports are kept with the version that read them: one version is one content.
    """
    before = {mapping.name: mapping.sha256 for mapping in old.active}
    for mapping in new.active:
        if before.get(mapping.name, mapping.sha256) != mapping.sha256:
            text = f"the content of {mapping.name}, which is in use, changed: raise its version"
            yield MappingFault(mapping.file, 0, 0, text)


def identity(mappings: MappingSet) -> frozenset[tuple[str, str, str]]:
    """Turn a set into what tells it from another: names, digests and states of its mappings."""
    return frozenset((mapping.name, mapping.sha256, mapping.form.status) for mapping in mappings.mappings)


def names(mappings: tuple[SiteMapping, ...]) -> str:
    """Turn mappings into one text for a log: ids and versions."""
    return ", ".join(mapping.name for mapping in mappings)
