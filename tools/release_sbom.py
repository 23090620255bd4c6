"""What is in the wheel and in the archive, as CycloneDX: cyclonedx-bom reads it off a virtual environment.

The environment holds what the archive brings, version by version, or what the wheel and its extras resolve to. The
archive's own interpreter is added; the file that an SBOM is about is named with its hash. The outcome is held against
CycloneDX's schema before it is written. Two runs with one index give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parent.parent
SCHEMA = SchemaVersion.V1_6
# CPython has its version in its data, by itself: the only such string in the program of the archive.
_INTERPRETER = re.compile(rb"\x00(3\.\d+\.\d+)\x00")
_METADATA = re.compile(r"/lib/([^/]+)-([^-/]+)\.dist-info/METADATA$")


def of_archive(archive: Path, wheel: Path, into: Path) -> None:
    """What the archive brings: the packages in it, and the interpreter."""
    with tarfile.open(archive) as files:
        found = [_METADATA.search(name) for name in files.getnames()]
        packages = {name[1]: name[2] for name in found if name}
        (program,) = (entry for entry in files if entry.name.endswith("/egress-overlays") and entry.isfile())
        data = files.extractfile(program)
        python = set(_INTERPRETER.findall(data.read() if data else b""))
    if len(python) != 1:
        raise SystemExit(f"release: {archive.name}: which Python is in it? found {sorted(python)}")
    packages.pop("egress_overlays")
    sbom = _environment(["--no-deps", str(wheel), *(f"{name}=={version}" for name, version in packages.items())])
    _add_interpreter(sbom, python.pop().decode())
    _finish(sbom, archive, into)


def of_wheel(wheel: Path, into: Path) -> None:
    """What the wheel and its extras bring today."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    _finish(_environment([f"{wheel}[{','.join(extras)}]"]), wheel, into)


def _environment(packages: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="egress-overlays-sbom-") as scratch:
        venv.create(scratch)  # No pip in it: what is there is what is listed.
        pip = [sys.executable, "-m", "pip", "--python", f"{scratch}/bin/python", "--disable-pip-version-check"]
        _run(*pip, "install", "--quiet", *packages)
        generator = [str(Path(sys.executable).parent / "cyclonedx-py"), "environment", "--output-reproducible"]
        pyproject = ["--pyproject", str(ROOT / "pyproject.toml")]
        made: dict[str, Any] = json.loads(
            _run(*generator, *pyproject, "--sv", SCHEMA.to_version(), f"{scratch}/bin/python")
        )
        return made


def _add_interpreter(sbom: dict[str, Any], python: str) -> None:
    reference = f"cpython=={python}"
    sbom["components"].append(
        {
            "type": "platform",
            "bom-ref": reference,
            "name": "cpython",
            "version": python,
            "purl": f"pkg:generic/cpython@{python}",
            "cpe": f"cpe:2.3:a:python:python:{python}:*:*:*:*:*:*:*",
        }
    )
    sbom["dependencies"].append({"ref": reference})
    root = sbom["metadata"]["component"]["bom-ref"]
    for dependency in sbom["dependencies"]:
        if dependency["ref"] == root:
            dependency["dependsOn"] = sorted([*dependency.get("dependsOn", []), reference])


def _finish(sbom: dict[str, Any], file: Path, into: Path) -> None:
    component = sbom["metadata"]["component"]
    component["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}]
    component["version"] = file.name.split("-")[2 if file.name.startswith("egress-overlays") else 1]
    text = json.dumps(sbom, indent=2, sort_keys=True) + "\n"
    fault = JsonStrictValidator(SCHEMA).validate_str(text)
    if fault:
        raise SystemExit(
            f"release: the SBOM of {file.name} is not as CycloneDX {SCHEMA.to_version()} wants it: {fault}"
        )
    into.write_text(text, encoding="utf-8")


def _run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"release: {' '.join(argv)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout
