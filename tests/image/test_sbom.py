"""`make sbom` writes down what is in an image."""

import json
import shlex
from importlib.metadata import distributions

import pytest

from tests.support.images import engine, reference
from tests.support.paths import ROOT, run, virtual_environment

pytestmark = pytest.mark.server


@pytest.mark.parametrize("name", ["controller", "agent"])
def test_the_list_has_every_distribution_of_the_image_with_its_licence(images, tmp_path, name):
    python = virtual_environment("sbom", ROOT / "requirements" / "sbom.lock") / "bin" / "python"
    file = tmp_path / "dist" / "image.cdx.json"
    run([str(python), str(ROOT / "images" / "sbom.py"), shlex.join(engine()), reference(name), str(file)])
    document = json.loads(file.read_text())
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == "external-secrets-injector"
    listed = {each["purl"]: each for each in document["components"]}
    held = distributions(path=[str(images[name].root / "app")])
    wanted = {f"pkg:pypi/{each.name.lower().replace('_', '-')}@{each.version}" for each in held}
    assert set(listed) == {purl for purl in wanted if "external-secrets-injector" not in purl}
    assert not [purl for purl, each in listed.items() if not each.get("licenses")]
