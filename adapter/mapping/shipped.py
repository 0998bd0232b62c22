"""Where the mappings that come with the program are: beside the package in a clone, inside it in a wheel."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "shipped"
_CLONED = Path(__file__).parents[2] / "mappings"


def shipped_directory(installed: Path = _INSTALLED, cloned: Path = _CLONED) -> Path:
    """The directory of the shipped mappings: one copy of each file, which building a wheel puts into the package."""
    return installed if installed.is_dir() else cloned
