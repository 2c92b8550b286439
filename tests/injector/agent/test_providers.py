"""Which providers an agent finds."""

import pytest

from injector.agent.providers import EntryPoint, installed
from secretcore.errors import InvalidSpec
from secretcore.registry import Registry

TEXT = """
# a comment
[console_scripts]
fake = nothing:at_all

[external_secrets_injector.providers]
first = secretcore.providers.fake:FakeProvider
with-extra = secretcore.providers.fake:FakeProvider [extra]
broken = secretcore.nowhere:Provider
"""


def test_the_same_as_the_registry_of_everyone_else():
    found, expected = installed().entries, Registry.installed().entries
    assert {name: entry.value for name, entry in found.items()} == {
        name: entry.value for name, entry in expected.items()
    }
    assert {name: entry.load() for name, entry in found.items()} == {
        name: entry.load() for name, entry in expected.items()
    }


def test_the_first_on_the_path_counts(tmp_path):
    for number, folder in enumerate(("a", "b")):
        info = tmp_path / folder / f"acme-{number}.dist-info"
        info.mkdir(parents=True)
        (info / "entry_points.txt").write_text(
            TEXT if number == 0 else TEXT.replace("fake:FakeProvider", "later:Later")
        )
    (tmp_path / "a" / "no-entries.dist-info").mkdir()
    found = installed([str(tmp_path / "nowhere"), str(tmp_path / "a"), str(tmp_path / "b")])
    assert found.entries == {
        "first": EntryPoint("secretcore.providers.fake:FakeProvider"),
        "with-extra": EntryPoint("secretcore.providers.fake:FakeProvider"),
        "broken": EntryPoint("secretcore.nowhere:Provider"),
    }
    assert found.provider("first").__name__ == "FakeProvider"
    with pytest.raises(InvalidSpec, match="can't be loaded"):
        found.provider("broken")
