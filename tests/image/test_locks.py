"""The images can be built for both architectures from the same locks."""

import shutil
import sys

import pytest

from tests.support.paths import ROOT, fingerprint, made_once, run

pytestmark = pytest.mark.server

GLIBC = ("2_17", "2_28", "2_34")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("name", ["controller", "agent"])
def test_every_locked_distribution_has_a_wheel(name, machine):
    lock = ROOT / "requirements" / f"{name}.lock"

    def download(folder):
        platforms = [f"--platform=manylinux{version}_{machine}" for version in ("2014", *(f"_{it}" for it in GLIBC))]
        python = ["--python-version=3.13", "--implementation=cp", "--abi=cp313", "--abi=abi3", "--abi=none"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        hashed = ["--require-hashes", "--only-binary=:all:", "-r", str(lock), "--dest", str(folder / "wheels")]
        run([*pip, *platforms, *python, *hashed])
        (folder / "names").write_text("\n".join(sorted(wheel.name for wheel in folder.glob("wheels/*.whl"))))
        shutil.rmtree(folder / "wheels")

    names = (made_once(f"wheels-{name}-{machine}", fingerprint(lock), download) / "names").read_text().split()
    assert len(names) >= 15
    assert [wheel for wheel in names if wheel.endswith(f"_{machine}.whl")]
