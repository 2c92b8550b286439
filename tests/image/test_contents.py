"""What stands in the layers that we add to a base, and what does not."""

import json
import re
import tomllib
from collections import Counter
from importlib.metadata import distributions

import grimp
import pytest
from packaging.requirements import Requirement

from tests.image.probe import PROBE
from tests.support.images import VARIABLES
from tests.support.paths import ROOT

pytestmark = pytest.mark.server

MEGABYTE = 1_000_000
BOTH = pytest.mark.parametrize("name", ["controller", "agent"])
PROGRAMS = {
    "controller": {"controller.__main__", "injector.__main__", "injector.webhook.command_line"},
    "agent": {"injector.__main__", "injector.agent.command_line"},
}
NEVER = {"controller": {"rich", "click", "h2", "unittest", "pip", "setuptools", "pytest"}}
NEVER["agent"] = NEVER["controller"] | {
    "kubernetes",
    "pydantic",
    "pydantic_settings",
    "aiohttp",
    "kubecore",
    "controller",
}
"""Packages that no program of the image imports."""
START = [("controller", "controller.app"), ("controller", "injector.webhook.app"), ("agent", "injector.agent.process")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = ["/usr/bin/python3"]


@pytest.mark.parametrize(("name", "limit"), [("agent", 15), ("controller", 30)])
def test_an_image_adds_little_to_its_base(images, name, limit, record_property):
    image = images[name]
    added, base = image.added_size / MEGABYTE, image.base_size / MEGABYTE
    record_property(f"image {name}", f"{added:.1f} MB compressed on a base of {base:.1f} MB")
    assert added < limit


def test_both_images_share_the_layer_of_the_compiled_library(images):
    layers = [images[name].manifest["layers"] for name in ("controller", "agent")]
    assert layers[0][1] == layers[1][1]


@BOTH
def test_an_image_runs_as_nobody_who_may_write_what_it_runs(images, name):
    assert images[name].config["config"]["User"] == "65532:65532"
    for file in images[name].added():
        assert (file.uid, file.gid) == (0, 0), file.name
        assert file.isdir() or file.isfile(), f"{file.name}: no link, no device"
        assert not file.mode & 0o7022, f"{file.name} {file.mode:o}: writable by others, or setuid"
        assert file.mode & 0o444 == 0o444, f"{file.name}: a pod may choose another user, who has to read it"


@BOTH
def test_no_shell_no_installer_and_no_test_is_added(images, name):
    names = [file.name for file in images[name].added()]
    assert not [name for name in names if re.search(r"(^|/)(s?bin|pip|setuptools|hatchling|wheel|tests?)(/|$)", name)]
    assert not [name for name in names if re.search(r"\.(pyi|pyx|pxd|c|h|typed|exe|sh)$|_test\.py$", name)]


@BOTH
def test_an_image_on_a_base_without_a_shell_has_none(images, name):
    assert not [*images[name].root.glob("usr/*bin/*sh")]


@BOTH
def test_every_module_comes_with_bytecode_that_is_taken_as_it_is(images, name):
    app = images[name].root / "app"
    sources = [*app.rglob("*.py")]
    assert len(sources) > 300
    for source in sources:
        (cached,) = source.parent.glob(f"__pycache__/{source.stem}.cpython-*.pyc")
        assert cached.read_bytes()[4:8] == b"\1\0\0\0", f"{cached}: not an unchecked hash"


@BOTH
def test_the_distributions_are_those_of_the_lock(images, name):
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    locked = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"[a-z]", line)]
    wanted = {f"{each.name}{each.specifier}" for each in locked if each.marker is None or each.marker.evaluate()}
    found = {f"{each.name.lower()}=={each.version}" for each in distributions(path=[str(images[name].root / "app")])}
    ours = f"{PROJECT['name']}=={PROJECT['version']}"
    left_out = {each for each in wanted if each.startswith("pycparser==")}
    assert {each.replace("_", "-") for each in found} == wanted - left_out | {ours}


@BOTH
def test_of_our_modules_an_image_holds_those_that_its_programs_import(images, name):
    graph = grimp.build_graph("secretcore", "kubecore", "controller", "injector", cache_dir=None)
    providers = PROJECT["entry-points"]["external_secrets_injector.providers"].values()
    starts = PROGRAMS[name].union(value.partition(":")[0] for value in providers)
    needed = starts.union(*(graph.find_upstream_modules(start) for start in starts))
    needed |= {module.rpartition(".")[0] for module in needed} - {""}
    app = images[name].root / "app"
    packages = ("secretcore", "kubecore", "controller", "injector")
    files = [file.relative_to(app) for package in packages for file in (app / package).rglob("*.py")]
    held = {".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in files}
    assert held == needed


@BOTH
def test_nothing_is_missing_and_nothing_is_compiled_at_start(images, in_image, name):
    packages = [
        package
        for package in ("secretcore", "kubecore", "controller", "injector")
        if (images[name].root / "app" / package).exists()
    ]
    found = json.loads(in_image(name, "-c", PROBE, *(f"{package}.*" for package in packages), entrypoint=PYTHON).stdout)
    assert found["uncompiled"] == []
    assert {module.partition(".")[0] for module in found["modules"]}.isdisjoint(NEVER[name])


@pytest.mark.parametrize(("name", "module"), START)
def test_what_a_start_imports(in_image, name, module, record_property):
    listing = in_image(name, "-X", "importtime", "-c", f"import {module}", entrypoint=PYTHON).stderr
    lines = [line.removeprefix("import time:").split("|") for line in listing.splitlines()[1:]]
    spent = Counter()
    for own, _, imported in lines:
        spent[imported.strip().partition(".")[0]] += int(own)
    most = ", ".join(f"{package} {microseconds / 1000:.0f}" for package, microseconds in spent.most_common(6))
    total = sum(spent.values()) / 1000
    record_property(f"imports of {module}", f"{len(lines)} modules, {total:.0f} ms on this machine ({most})")
    assert NEVER[name].isdisjoint(spent)


@BOTH
def test_labels_say_what_it_is(images, name):
    labels = images[name].config["config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"external-secrets-injector {name}"
    assert labels["org.opencontainers.image.version"] == VARIABLES["VERSION"]
    assert labels["org.opencontainers.image.licenses"] == PROJECT["license"]
    assert labels["org.opencontainers.image.base.name"] == "localhost/test-base:1"


@BOTH
def test_a_pods_security_context_holds(in_image, name):
    says = """
import os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(os.getuid(), os.getgid(), os.getgroups(), status["CapEff"].strip(), status["NoNewPrivs"].strip(), os.getpid())
for path in ("/x", "/app/x", "/tmp/x"):
    try:
        open(path, "w")
    except OSError as error:
        print(error)
"""
    printed = in_image(name, "-c", says, entrypoint=PYTHON).stdout.splitlines()
    assert printed[0] == "65532 65532 [] 0000000000000000 1 1"
    assert printed[1:] == [f"[Errno 30] Read-only file system: '{path}'" for path in ("/x", "/app/x", "/tmp/x")]
