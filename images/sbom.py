"""Write down what Python distributions an image holds, as a CycloneDX document: `make sbom` calls

    python images/sbom.py ENGINE IMAGE FILE

with the Python of a virtual environment that has cyclonedx-bom. ENGINE is docker, podman or buildah, with options if it
needs any. What the base brings is not in it: its publisher has a list, or a scanner of images makes one.
"""

import json
import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]


def main(engine: str, image: str, file: Path) -> None:
    """Write `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy_app(shlex.split(engine), image, Path(folder))
        # The image's own Python may not run here (no shell, another architecture): this one looks at its folder only.
        python = Path(folder, "python")
        python.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/app exec {sys.executable} -S "$@"\n')
        python.chmod(0o755)
        tool = [str(Path(sys.executable).with_name("cyclonedx-py")), "environment", str(python)]
        project = ["--pyproject", str(ROOT / "pyproject.toml")]
        subprocess.run([*tool, *project, "--output-reproducible", "-o", str(file)], check=True)


def copy_app(engine: list[str], image: str, folder: Path) -> None:
    """Copy /app out of the image into `folder`."""
    archive = folder / "image.tar"
    if "buildah" in engine:
        save = ["push", "--quiet", image, f"docker-archive:{archive}"]
    else:
        save = ["save", "-o", str(archive), image]
    subprocess.run([*engine, *save], check=True)
    with tarfile.open(archive) as layers:
        for name in json.load(opened(layers, "manifest.json"))[0]["Layers"]:
            with tarfile.open(fileobj=opened(layers, name)) as layer:
                layer.extractall(folder, [file for file in layer if file.name.startswith("app/")], filter="data")


def opened(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file in an archive. Raises `KeyError` when there is none."""
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
