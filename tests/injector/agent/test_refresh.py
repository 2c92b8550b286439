"""Which files an agent has in its volume, as stores, manifests and time go on."""

import asyncio
import json
import os

import pytest

from injector.agent.files import VolumeFailed, open_volume
from injector.agent.first_run import NotDelivered, first_run
from injector.agent.health import STUCK, Health
from injector.agent.notify import Notifier
from injector.agent.record import NOTE, error_class, read_note
from injector.agent.refresh import Refresher
from injector.agent.run import once
from injector.agent.subject import check_roots
from secretcore.errors import AccessDenied, InvalidSpec, StoreUnavailable, Throttled
from tests.injector.agent.backend import Backend, external_secret, work
from tests.injector.agent.test_files import seen

SHORT = "50ms"
DOWN = StoreUnavailable("the backend is down")


@pytest.fixture
def backend():
    return Backend({"db": b'{"user":"app","password":"one"}', "tls": b'{"key":"k1"}', "none": b"{}"})


@pytest.fixture
def volume(folder):
    with open_volume(folder) as opened:
        yield opened


class Running:
    """A refresher that runs in the background."""

    def __init__(self, volume, folder, given):
        self.refresher = Refresher(volume, given)
        self.told = 0
        self.refresher.changed = self._tell
        self._folder = folder

    def _tell(self):
        self.told += 1

    async def __aenter__(self):
        if not self.refresher.is_whole:
            await first_run(self.refresher, self.refresher.work.deadline)
        self._task = asyncio.create_task(self.refresher.run())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.refresher.close()

    def record(self, name):
        return self.refresher.records[f"shop/{name}"]

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110  # what it waits for sets no event
                await asyncio.sleep(0.01)

    async def until_seen(self, path, content):
        await self.until(lambda: seen(self._folder).get(path) == content)


async def test_once_delivers_every_external_secret(volume, folder, backend):
    await once(volume, work(backend, external_secret("db"), external_secret("tls", target={"name": "certs"})))
    assert seen(folder) == {"db/password": b"one", "db/user": b"app", "certs/key": b"k1"}


async def test_external_secrets_of_one_pass_share_a_session_and_its_answers(volume, backend):
    given = [external_secret("a", "db"), external_secret("b", "db"), external_secret("c", "db")]
    await once(volume, work(backend, *given))
    assert (backend.sessions, backend.calls["db"]) == (1, 1)


async def test_formats_are_files(volume, folder, backend):
    await once(volume, work(backend, external_secret("db"), form="env"))
    assert seen(folder) == {"db.env": b"password='one'\nuser='app'\n"}


async def test_a_rotation_reaches_the_files_and_is_told_once(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db", refreshInterval=SHORT))) as running:
        told = running.told
        backend.values["db"] = b'{"user":"app","password":"two"}'
        await running.until_seen("db/password", b"two")
        refreshes = running.record("db").refreshes
        await running.until(lambda: running.record("db").refreshes > refreshes + 3)
        assert running.told == told + 1


async def test_unchanged_answers_touch_nothing(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db", refreshInterval=SHORT))) as running:
        before = folder.stat().st_mtime_ns, os.listdir(folder)
        await running.until(lambda: running.record("db").refreshes > 5)
        assert (folder.stat().st_mtime_ns, os.listdir(folder)) == before


@pytest.mark.parametrize("error", [DOWN, AccessDenied("no"), Throttled("slow down")])
async def test_files_stay_while_the_store_fails_and_are_fresh_again_after(volume, folder, backend, error):
    given = work(backend, external_secret("db", refreshInterval=SHORT), external_secret("tls", refreshInterval=SHORT))
    async with Running(volume, folder, given) as running:
        backend.errors["db"] = error
        backend.values["tls"] = b'{"key":"k2"}'
        await running.until(lambda: running.record("db").failures >= 1)
        await running.until_seen("tls/key", b"k2")
        assert seen(folder)["db/password"] == b"one"
        assert error_class(running.record("db").error) == type(error).__name__
        backend.errors.clear()
        backend.values["db"] = b'{"password":"two"}'
        await running.until_seen("db/password", b"two")
        assert running.record("db").error is None


async def test_a_store_that_hangs_holds_up_its_own_external_secrets_only(volume, folder, backend):
    given = work(backend, external_secret("db", refreshInterval=SHORT), external_secret("tls", refreshInterval=SHORT))
    async with Running(volume, folder, given) as running:
        backend.held["db"] = asyncio.Event()
        calls = backend.calls["db"]
        await running.until(lambda: backend.calls["db"] > calls)
        backend.values["tls"] = b'{"key":"k2"}'
        await running.until_seen("tls/key", b"k2")
        backend.held.pop("db").set()


async def test_the_first_run_waits_for_all_and_shows_nothing_before(volume, folder, backend):
    tls = backend.values.pop("tls")
    refresher = Refresher(volume, work(backend, external_secret("db"), external_secret("tls")))
    running = asyncio.create_task(first_run(refresher, 60.0))
    while backend.calls["tls"] < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert seen(folder) == {}
    backend.values["tls"] = tls
    await running
    assert set(seen(folder)) == {"db/password", "db/user", "tls/key"}
    assert backend.calls["db"] == 1  # what was read is not read again


async def test_the_first_run_gives_up_at_its_deadline_and_says_why(volume, folder, backend):
    given = work(backend, external_secret("db"), external_secret("late"), deadline=0.3)
    with pytest.raises(NotDelivered, match=r'ExternalSecret "late": spec\.dataFrom\[0\]\.extract: there is no late'):
        await once(volume, given)
    assert seen(folder) == {}


async def test_the_first_run_gives_up_at_its_deadline_when_the_store_hangs(volume, backend):
    backend.held["db"] = asyncio.Event()
    with pytest.raises(NotDelivered, match=r'ExternalSecret "db": no answer yet \(tried for 0\.3 s\)'):
        await once(volume, work(backend, external_secret("db"), deadline=0.3))


async def test_the_first_run_does_not_wait_for_what_can_not_change(volume, backend):
    wrong = external_secret("db", dataFrom=[{"sourceRef": {"generatorRef": {"kind": "UUID", "name": "x"}}}])
    with pytest.raises(NotDelivered, match="generators"):
        await once(volume, work(backend, wrong, deadline=3600.0))


async def test_nothing_at_the_store_is_no_beginning(volume, backend):
    with pytest.raises(NotDelivered, match="the stores have nothing for it"):
        await once(volume, work(backend, external_secret("none"), deadline=0.2))


@pytest.mark.parametrize(
    ("policy", "left"),
    [("Retain", {"db/user", "db/password"}), ("Delete", set()), ("Merge", set())],
)
async def test_what_becomes_of_files_whose_secret_is_gone(volume, folder, backend, policy, left):
    target = {"deletionPolicy": policy}
    given = work(backend, external_secret("db", refreshInterval=SHORT, target=target), external_secret("tls"))
    async with Running(volume, folder, given) as running:
        del backend.values["db"]
        record, before = running.record("db"), running.record("db").refreshes
        await running.until(lambda: record.failures if policy == "Retain" else record.refreshes > before + 1)
        assert {path for path in seen(folder) if path.startswith("db")} == left
        assert seen(folder)["tls/key"] == b"k1"
        assert (record.error is not None) is (policy == "Retain")


async def test_an_empty_answer_keeps_the_files_under_retain(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db", refreshInterval=SHORT))) as running:
        backend.values["db"] = b"{}"
        before = running.record("db").refreshes
        await running.until(lambda: running.record("db").refreshes > before + 1)
        assert seen(folder)["db/password"] == b"one"


@pytest.mark.parametrize("spec", [{"refreshPolicy": "CreatedOnce"}, {"target": {"immutable": True}}])
async def test_what_is_fetched_once_stays_whatever_changes_also_for_the_next_agent(volume, folder, backend, spec):
    spec = {"refreshInterval": SHORT, **spec}
    given = work(backend, external_secret("db", **spec), external_secret("tls", refreshInterval=SHORT))
    async with Running(volume, folder, given) as running:
        await running.until(lambda: running.record("tls").refreshes > 3)
    changed = work(
        backend, external_secret("db", **spec), external_secret("tls", refreshInterval=SHORT), stores="other"
    )
    async with Running(volume, folder, changed) as running:
        await running.until(lambda: running.record("tls").refreshes > 3)
        running.refresher.adopt(given)
        await running.until(lambda: running.record("tls").refreshes > 6)
    await once(volume, given)
    assert backend.calls["db"] == 1
    assert seen(folder)["db/password"] == b"one"


async def test_on_change_is_read_when_the_hand_off_changes(volume, folder, backend):
    def given(**spec):
        return work(
            backend,
            external_secret("db", refreshPolicy="OnChange", **spec),
            external_secret("tls", refreshInterval=SHORT),
        )

    async with Running(volume, folder, given()) as running:
        backend.values["db"] = b'{"password":"two"}'
        await running.until(lambda: running.record("tls").refreshes > 3)
        assert backend.calls["db"] == 1
        running.refresher.adopt(given())
        await running.until(lambda: running.record("tls").refreshes > 6)
        assert backend.calls["db"] == 1
        running.refresher.adopt(given(target={"name": "other"}))
        await running.until_seen("other/password", b"two")
        assert "db/password" not in seen(folder)


async def test_an_interval_of_zero_is_once(volume, folder, backend):
    given = work(backend, external_secret("db", refreshInterval="0"), external_secret("tls", refreshInterval=SHORT))
    async with Running(volume, folder, given) as running:
        await running.until(lambda: running.record("tls").refreshes > 3)
    assert backend.calls["db"] == 1


async def test_another_hand_off_brings_and_takes_files(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db"))) as running:
        running.refresher.adopt(work(backend, external_secret("tls"), file_mode=0o400))
        await running.until_seen("tls/key", b"k1")
        await running.until(lambda: set(seen(folder)) == {"tls/key"})
        assert (folder / "tls/key").stat().st_mode & 0o777 == 0o400


async def test_a_hand_off_whose_new_target_can_not_be_read_keeps_the_files_of_before(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db"))) as running:
        backend.errors["db"] = DOWN
        running.refresher.adopt(work(backend, external_secret("db", target={"name": "renamed"})))
        await running.until(lambda: running.record("db").failures >= 1)
        assert set(seen(folder)) == {"db/password", "db/user"}
        assert running.refresher.is_started


async def test_the_next_agent_goes_on_where_the_last_one_ended(volume, folder, backend):
    given = work(backend, external_secret("db"), external_secret("tls"))
    await once(volume, given)
    backend.errors = {"db": DOWN, "tls": DOWN}
    async with Running(volume, folder, given) as running:
        assert running.refresher.is_started
        assert running.told == 0
        assert backend.calls == {"db": 1, "tls": 1}
        assert seen(folder)["db/password"] == b"one"


async def test_once_again_takes_what_is_new_and_keeps_what_can_not_be_had(volume, folder, backend):
    given = work(backend, external_secret("db"), external_secret("tls"))
    await once(volume, given)
    backend.errors["db"] = DOWN
    backend.values["tls"] = b'{"key":"k2"}'
    await once(volume, given)
    assert seen(folder) == {"db/password": b"one", "db/user": b"app", "tls/key": b"k2"}


async def test_once_again_ends_by_its_deadline_when_a_store_hangs(volume, folder, backend):
    given = work(backend, external_secret("db"), external_secret("tls"), deadline=0.3)
    await once(volume, given)
    backend.held["db"] = asyncio.Event()
    backend.values["tls"] = b'{"key":"k2"}'
    async with asyncio.timeout(60):
        (kept,) = await once(volume, given)
    assert str(kept.error) == "no answer within 0.3 s"
    assert seen(folder) == {"db/password": b"one", "db/user": b"app", "tls/key": b"k2"}


async def test_an_agent_whose_hand_off_grew_does_not_lose_what_is_there(volume, folder, backend):
    await once(volume, work(backend, external_secret("db")))
    backend.errors["tls"] = DOWN
    with pytest.raises(NotDelivered, match="the backend is down"):
        await once(volume, work(backend, external_secret("db"), external_secret("tls"), deadline=0.2))
    assert set(seen(folder)) == {"db/password", "db/user"}


async def test_credentials_that_come_late_are_tried_at_once(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db"), external_secret("tls"))) as running:
        backend.errors["db"] = AccessDenied("no")
        running.refresher.make_due([running.record("db")])
        await running.until(lambda: running.record("db").failures == 1)
        del backend.errors["db"]
        calls = backend.calls["tls"]
        await running.refresher.credentials_changed()
        await running.until(lambda: running.record("db").failures == 0)
        assert backend.calls["tls"] == calls  # what works is left alone


async def test_templates_are_rendered_anew_when_what_they_read_changes(volume, folder, backend):
    backend.sources["t"] = {"conf": b"one {{ .password }}"}
    template = {"templateFrom": [{"configMap": {"name": "t", "items": [{"key": "conf"}]}}]}
    async with Running(volume, folder, work(backend, external_secret("db", target={"template": template}))) as running:
        assert seen(folder) == {"db/conf": b"one one"}
        await running.refresher.credentials_changed()
        await asyncio.sleep(0)
        backend.sources["t"] = {"conf": b"two {{ .password }}"}
        await running.refresher.credentials_changed()
        await running.until_seen("db/conf", b"two one")
        assert backend.calls["db"] == 2


async def test_a_value_that_the_format_can_not_carry_spoils_no_other(volume, folder, backend):
    given = work(
        backend, external_secret("db", refreshInterval=SHORT), external_secret("tls", refreshInterval=SHORT), form="env"
    )
    async with Running(volume, folder, given) as running:
        backend.values["db"] = json.dumps({"password": "canary\0"}).encode()
        backend.values["tls"] = b'{"key":"k2"}'
        await running.until(lambda: running.record("db").failures >= 1)
        await running.until_seen("tls.env", b"key='k2'\n")
        assert seen(folder)["db.env"] == b"password='one'\nuser='app'\n"
        assert "canary" not in str(running.record("db").error)


async def test_a_secret_that_does_not_fit_spoils_no_other(small, backend):
    with open_volume(small) as volume:
        given = work(
            backend, external_secret("db", refreshInterval=SHORT), external_secret("tls", refreshInterval=SHORT)
        )
        async with Running(volume, small, given) as running:
            backend.values["db"] = json.dumps({"password": "x" * 70_000}).encode()
            backend.values["tls"] = b'{"key":"k2"}'
            await running.until(lambda: running.refresher.volume_error is not None)
            await running.until_seen("tls/key", b"k2")
            assert seen(small)["db/password"] == b"one"
            assert "sizeLimit" in running.record("db").error.remedy


@pytest.mark.parametrize("delivered", [True, False])
async def test_what_stands_in_the_way_of_one_spoils_no_other(volume, folder, backend, delivered):
    given = work(
        backend,
        external_secret("db", refreshInterval=SHORT),
        external_secret("tls", refreshInterval=SHORT if delivered else "1h"),
    )
    async with Running(volume, folder, given) as running:
        (folder / "tls").unlink()
        (folder / "tls").mkdir()
        backend.values |= {"tls": b'{"key":"k2"}', "db": b'{"password":"two"}'}
        await running.until_seen("db/password", b"two")
        backend.values["db"] = b'{"password":"three"}'
        await running.until_seen("db/password", b"three")
        if delivered:
            await running.until(lambda: running.record("tls").error is not None)
            assert '"tls" stands where files are to appear' in str(running.record("tls").error)
        assert os.listdir(folder / "tls") == []
        (folder / "tls").rmdir()
        running.refresher.make_due([running.record("tls")])
        await running.until_seen("tls/key", b"k2")


async def test_the_first_run_says_what_stands_in_its_way(volume, folder, backend):
    (folder / "tls").mkdir()
    with pytest.raises(VolumeFailed, match='"tls" stands where files are to appear'):
        await once(volume, work(backend, external_secret("db"), external_secret("tls")))
    assert set(seen(folder)) <= {"tls"}


async def test_it_is_alive_while_refreshes_end_whether_well_or_not(volume, folder, backend):
    given = work(backend, external_secret("db", refreshInterval=SHORT), external_secret("tls", refreshInterval="1h"))
    async with Running(volume, folder, given) as running:
        alive = Health(running.refresher, Notifier(lambda: None)).routes()["/healthz"]
        backend.errors["db"] = DOWN
        await running.until(lambda: running.record("db").failures)
        assert alive() == (200, "ok\n")
        backend.errors.clear()
        backend.held["db"] = asyncio.Event()
        running.refresher.make_due([running.record("db")])
        await running.until(lambda: running.record("db").busy)
        assert alive() == (200, "ok\n")
        running.record("db").begun_at -= STUCK
        assert alive() == (503, "a refresh does not end\n")
        backend.held["db"].set()
        await running.until(lambda: not running.record("db").busy)
        assert alive() == (200, "ok\n")


async def test_the_note_says_what_is_there_and_nothing_of_it(volume, backend):
    await once(volume, work(backend, external_secret("db"), max_staleness=60.0))
    content = volume.read_note(NOTE)
    note = read_note(content)
    assert note.started is True
    assert list(note.deliveries) == ["shop/db"]
    assert note.stale_at == note.deliveries["shop/db"].refreshed_at + 60
    assert b"one" not in content


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"started":1}', b'{"started":true,"deliveries":[]}'])
def test_a_note_that_can_not_be_read_is_no_note(content):
    assert read_note(content).started is False


def test_two_external_secrets_can_not_have_the_same_files(backend):
    same = work(backend, external_secret("a", target={"name": "t"}), external_secret("b", target={"name": "t"}))
    with pytest.raises(InvalidSpec, match='ExternalSecrets "a" and "b" both become "t"'):
        check_roots(same.subjects)


async def test_windows_hold_up_what_is_due_by_time_alone(volume, folder, backend):
    windows = {"kind": "deny", "windows": [{"schedule": "* * * * *", "duration": "1h"}]}
    given = [
        external_secret("db", refreshInterval=SHORT, syncWindows=windows),
        external_secret("tls", refreshInterval=SHORT),
    ]
    async with Running(volume, folder, work(backend, *given)) as running:
        backend.values["db"] = b'{"password":"two"}'
        await running.until(lambda: running.record("tls").refreshes > 4)
        assert (backend.calls["db"], seen(folder)["db/password"]) == (1, b"one")
        running.refresher.adopt(work(backend, *given, stores="other"))
        await running.until_seen("db/password", b"two")


async def test_a_name_that_another_has_taken_shows_nothing_of_the_one_before(volume, folder, backend):
    before = external_secret("db", target={"name": "x"}), external_secret("tls", target={"name": "y"})
    async with Running(volume, folder, work(backend, *before)) as running:
        backend.errors["db"] = DOWN
        after = external_secret("db", target={"name": "z"}), external_secret("tls", target={"name": "x"})
        running.refresher.adopt(work(backend, *after))
        await running.until(lambda: seen(folder) == {"x/key": b"k1"})


async def test_a_store_that_asked_to_be_left_alone_is_whatever_changes_beside_it(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db"))) as running:
        backend.errors["db"] = Throttled("slow down", retry_after=600)
        running.refresher.make_due([running.record("db")])
        await running.until(lambda: running.record("db").failures == 1)
        calls, due_at = backend.calls["db"], running.record("db").due_at
        await running.refresher.credentials_changed()
        assert (backend.calls["db"], running.record("db").due_at) == (calls, due_at)


async def test_what_is_corrected_while_the_old_one_is_read_is_read_at_once(volume, folder, backend):
    async with Running(volume, folder, work(backend, external_secret("db"))) as running:
        record = running.record("db")
        record.failures = 9  # the old one has failed for long
        backend.held["db"] = asyncio.Event()
        backend.errors["db"] = DOWN
        calls = backend.calls["db"]
        running.refresher.make_due([record])
        await running.until(lambda: backend.calls["db"] > calls)
        running.refresher.adopt(work(backend, external_secret("db", target={"name": "other"})))
        held = backend.held.pop("db")
        await asyncio.sleep(0)
        held.set()
        await running.until(lambda: record.failures == 1)  # of the new one, and that at once
        backend.errors.clear()
        running.refresher.make_due([record])
        await running.until_seen("other/password", b"one")
