"""The program as it is installed: a wheel with its mappings and samples, found wherever it is put."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from program import TREE

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
BUILT_FROM = ("pyproject.toml", "README.md", "adapter", "mappings", "fixtures")


def command(folder: Path, *arguments: object) -> str:
    """Run a command that is not to see this tree; its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NETPET_", "PYTHON"))}
    ended = subprocess.run(
        [str(part) for part in arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_an_installed_wheel_runs_the_demonstration_with_its_own_mappings_and_samples(tmp_path):
    """The tree is copied first: a build leaves files behind."""
    tree, wheels, home = tmp_path / "tree", tmp_path / "wheels", tmp_path / "home"
    tree.mkdir()
    for name in BUILT_FROM:
        command(tmp_path, "cp", "-r", TREE / name, tree)
    command(tmp_path, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels, tree)
    (wheel,) = wheels.iterdir()

    venv.create(home, with_pip=False)
    command(tmp_path, *PIP, "--python", home / "bin/python", "install", "--no-deps", "--no-index", wheel)
    (packages,) = home.glob("lib/python*/site-packages")
    # The libraries are those of this environment; its link to this tree is of no effect by this way.
    (packages / "libraries.pth").write_text(str(Path(pytest.__file__).parents[1]))

    found = command(tmp_path, home / "bin/python", "-c", "import adapter; print(adapter.__file__)")
    shown = command(tmp_path, home / "bin/netpet-adapter", "demo", "--once")

    assert Path(found.strip()).is_relative_to(home)
    assert shown.count("│ yes") == 10
