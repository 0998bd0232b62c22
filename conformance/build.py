"""Compiles the FSH of this folder with SUSHI into the resources that the program carries and serves.

``python conformance/build.py`` writes them to ``adapter/fhir/conformance``; ``--check`` writes nothing and ends with 1
when they are not what the FSH says. Needs Node.js and npm (3 when they are not there); npm's registry, nothing else.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent
CARRIED = SOURCE.parent / "adapter" / "fhir" / "conformance"
BUILD = SOURCE.parent / "build" / "conformance"
CORE = "hl7.fhir.r4.core"
DEFINITIONS = ("profiles-types.json", "profiles-resources.json", "extension-definitions.json", "valuesets.json")
PATIENCE = 300
"""Seconds for npm, and for SUSHI."""


class BuildError(Exception):
    """SUSHI or npm did not do its work; the text is its own."""


def main() -> int:
    """Compile, then write or compare; the return value is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="compare with what the program carries, write nothing")
    check = parser.parse_args().check
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("conformance/build.py needs Node.js 18 or later with npm")
        return 3
    try:
        compiled = compile_fsh()
    except (BuildError, subprocess.SubprocessError, OSError) as error:
        print(f"conformance/build.py: {error}", file=sys.stderr)
        return 3
    return _compare(compiled) if check else _write(compiled)


def compile_fsh() -> dict[str, str]:
    """Turn the FSH into file name -> JSON text; raises BuildError for anything that SUSHI calls an error."""
    work = BUILD / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("node_modules", "*.py", "examples"))
    _run(["npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts"], work)
    home = _package_cache(work)
    _run([str(work / "node_modules" / ".bin" / "sushi"), "build", "."], work, home)
    folder = work / "fsh-generated" / "resources"
    return {file.name: _tidy(file) for file in sorted(folder.glob("*.json"))}


def _tidy(file: Path) -> str:
    return json.dumps(json.loads(file.read_text("utf-8")), indent=1, ensure_ascii=False) + "\n"


def _run(command: list[str], folder: Path, home: Path | None = None) -> None:
    environment = os.environ | ({"HOME": str(home), "USERPROFILE": str(home)} if home else {})
    done = subprocess.run(  # noqa: S603 - our own commands, from our own lock file
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode != 0:
        raise BuildError(f"{command[0]} ended with {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def _package_cache(work: Path) -> Path:
    """SUSHI reads R4 from a package cache below HOME; the registry of packages is not asked."""
    home = BUILD / "home"
    package = home / ".fhir" / "packages" / f"{CORE}#4.0.1" / "package"
    if (package / "package.json").exists():
        return home
    package.mkdir(parents=True, exist_ok=True)
    index = [_keep(resource, package) for resource in _definitions(work)]
    (package / ".index.json").write_text(json.dumps({"index-version": 2, "files": index}))
    described = {
        "name": CORE,
        "version": "4.0.1",
        "fhirVersions": ["4.0.1"],
        "type": "Core",
        "canonical": "http://hl7.org/fhir",
    }
    (package / "package.json").write_text(json.dumps(described))
    return home


def _definitions(work: Path) -> Iterator[dict[str, Any]]:
    folder = work / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
    for name in DEFINITIONS:
        for entry in json.loads((folder / name).read_text("utf-8"))["entry"]:
            if entry["resource"].get("id"):
                yield entry["resource"]


def _keep(resource: dict[str, Any], package: Path) -> dict[str, Any]:
    name = f"{resource['resourceType']}-{resource['id']}.json"
    (package / name).write_text(json.dumps(resource))
    listed = {key: resource[key] for key in ("resourceType", "id", "url", "version", "kind", "type") if key in resource}
    return {"filename": name, **listed}


def _write(compiled: dict[str, str]) -> int:
    CARRIED.mkdir(parents=True, exist_ok=True)
    for stale in CARRIED.glob("*.json"):
        stale.unlink()
    for name, text in compiled.items():
        (CARRIED / name).write_text(text, "utf-8")
        print(f"wrote {CARRIED.name}/{name}")
    return 0


def _compare(compiled: dict[str, str]) -> int:
    carried = {file.name: file.read_text("utf-8") for file in CARRIED.glob("*.json")}
    different = sorted(name for name in compiled.keys() | carried.keys() if compiled.get(name) != carried.get(name))
    for name in different:
        print(f"{name} is not what the FSH says: python conformance/build.py")
    print("" if different else f"{len(carried)} resources are what the FSH says")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
