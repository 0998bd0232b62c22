"""Which mappings a command is about: files, ids in a directory, or all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT
from adapter.mapping.cases import TEST_SUFFIX
from adapter.mapping.errors import MappingFileError
from adapter.mapping.loader import read_tree
from adapter.mapping.site_mapping import SiteMapping, site_mapping
from adapter.settings import SettingsError, load_settings, shipped_folder


@dataclass(frozen=True, slots=True)
class Target:
    """One mapping file and the mapping in it."""

    path: Path
    mapping: SiteMapping


def targets_or_exit(named: Sequence[str], directory: Path | None) -> list[Target]:
    """Turn what was named (nothing: every mapping of the directory) into mappings; every fault printed, exit 2."""
    faults: list[str] = []
    found = [_load(path, faults) for path in paths_or_exit(named, directory)]
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(BAD_INPUT)
    return [target for target in found if target is not None]


def _load(path: Path, faults: list[str]) -> Target | None:
    try:
        return Target(path, site_mapping(path.read_bytes(), str(path)))
    except MappingFileError as error:
        faults += map(str, error.faults)
    except OSError as error:
        faults.append(f"{path}: {error.strerror}")
    return None


def paths_or_exit(named: Sequence[str], directory: Path | None) -> list[Path]:
    """Turn what was named into paths of mapping files; exit 2 for an id that no file has."""
    folder = folder_or_exit(directory)
    everything = [*mapping_files(folder)]
    if not named:
        if not everything:
            typer.echo(f"{folder}: there is no mapping (*.yaml) here", err=True)
            raise typer.Exit(BAD_INPUT)
        return everything
    return [path for name in named for path in _named(name, folder, everything)]


def _named(name: str, folder: Path, everything: Sequence[Path]) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from mapping_files(path)
    elif path.suffix == ".yaml" or path.is_file():
        yield path.with_name(path.name.replace(TEST_SUFFIX, ".yaml"))
    else:
        mine = [path for path in everything if name in (path.stem, _id(path))]
        if not mine:
            typer.echo(f"{name}: no mapping file of this id in {folder}; give a file, or --directory", err=True)
            raise typer.Exit(BAD_INPUT)
        yield from mine


def _id(path: Path) -> str:
    """The id that a mapping file gives itself; empty for one that says none."""
    try:
        return str(read_tree(path.read_bytes(), str(path)).root.get("id", ""))
    except (MappingFileError, OSError):
        return ""


def mapping_files(folder: Path) -> Iterator[Path]:
    """Turn a folder into the mapping files in it and below it, without their tests."""
    return (path for path in sorted(folder.rglob("*.yaml")) if not path.name.endswith(TEST_SUFFIX))


def folder_or_exit(directory: Path | None) -> Path:
    """Turn ``--directory`` into the folder of mappings: without it the one that the service's settings name."""
    if directory is not None:
        return directory
    try:
        return load_settings(None).mappings.directory or shipped_folder("mappings")
    except SettingsError as error:
        for fault in error.faults:
            typer.echo(f"settings: {fault}", err=True)
        raise typer.Exit(ENVIRONMENT) from None
