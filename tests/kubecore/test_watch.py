"""The reflector keeps a true copy of the real API server's collection, whatever happens on the way."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecore.errors import TooManyRequests
from kubecore.resources import CONFIG_MAPS, SECRETS, Resource
from kubecore.watch import LONGEST_PAUSE, Collection, Reflector, pause_before_retry
from kubecore.wire import Selector
from tests.support.fault_kinds import Answer, Cut, Reset, Stall, Stream, Truncate, html, status

FAR_AHEAD = '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"999999999"}}}'
EXPIRED = '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}'


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 600))
def test_pauses_grow_to_a_limit_and_obey_the_server(failures, spread, wish):
    error = TooManyRequests("", retry_after=wish)
    seconds = pause_before_retry(failures, error, spread)
    assert max(0.5, wish or 0) <= seconds <= max(LONGEST_PAUSE, wish or 0)
    assert pause_before_retry(failures + 1, error, spread) >= seconds


def ours(namespace):
    """The ConfigMaps of a namespace, without the one that kube-controller-manager makes, should it run."""
    return Collection(CONFIG_MAPS, namespace, Selector(fields="metadata.name!=kube-root-ca.crt"))


class Follower:
    """A reflector under way, its changes, the pauses it would have made, and a way to wait for a state."""

    def __init__(self, client, collection, **options):
        self.told, self.pauses, self._news = [], [], asyncio.Event()
        self.reflector = Reflector(client, collection, self._handle, pause=self._pause, **options)

    def _handle(self, change):
        self.told.append(change)
        self._news.set()

    async def _pause(self, seconds):
        self.pauses.append(seconds)
        self._news.set()
        await asyncio.sleep(0.01)

    async def until(self, condition):
        while not condition():
            self._news.clear()
            await self._news.wait()

    def names(self):
        return sorted(manifest["metadata"]["name"] for manifest in self.reflector.cache)


@contextlib.asynccontextmanager
async def following(client, collection, **options):
    follower = Follower(client, collection, **options)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(follower.reflector.run())
        yield follower
        task.cancel()


async def create(api, namespace, *names, resource=CONFIG_MAPS):
    for name in names:
        await api.create(resource, {"metadata": {"name": name}, "data": {}}, namespace)


@pytest.mark.server
async def test_what_is_there_and_what_comes_later_is_known_and_told(api, namespace):
    await create(api, namespace, "a", "b")
    async with following(api, ours(namespace)) as follower:
        await follower.reflector.synced.wait()
        assert follower.names() == ["a", "b"]
        await create(api, namespace, "c")
        await follower.until(lambda: follower.names() == ["a", "b", "c"])
        await api.patch(CONFIG_MAPS, "a", namespace, body={"data": {"k": "v"}})
        await follower.until(lambda: follower.reflector.cache.get(namespace, "a").get("data") == {"k": "v"})
        await api.delete(CONFIG_MAPS, "b", namespace)
        await follower.until(lambda: follower.names() == ["a", "c"])
    told = [(change.key.name, change.old is None, change.new is None) for change in follower.told]
    assert told == [
        ("a", True, False), ("b", True, False), ("c", True, False), ("a", False, False), ("b", False, True),
    ]  # fmt: skip
    assert "managedFields" not in follower.reflector.cache.get(namespace, "a")["metadata"]
    assert (follower.reflector.error, follower.pauses) == ("", [])


@pytest.mark.server
async def test_secrets_can_be_followed_without_their_data(api, namespace):
    await api.create(SECRETS, {"metadata": {"name": "s"}, "stringData": {"k": "v"}}, namespace)
    async with following(api, Collection(SECRETS, namespace, metadata_only=True)) as follower:
        await follower.reflector.synced.wait()
        await api.patch(SECRETS, "s", namespace, body={"metadata": {"labels": {"new": "label"}}})
        await follower.until(lambda: len(follower.told) == 2)
        for change in follower.told:
            assert set(change.new) == {"apiVersion", "kind", "metadata"}


@pytest.mark.server
@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("limit=", status(500)),
        ("limit=", status(429, retry_after="1")),
        ("limit=", html()),
        ("limit=", Truncate(20)),
        ("limit=", Reset("headers")),
        ("watch=1", status(503)),
        ("watch=1", status(403)),
        ("watch=1", Answer(410, EXPIRED)),
        ("watch=1", html()),
        ("watch=1", Answer(200, "")),
        ("watch=1", Cut(1)),
        ("watch=1", Stream((EXPIRED,), "close")),
        ("watch=1", Stream(("nonsense",), "stall")),
        ("watch=1", Stream((), "reset")),
        ("watch=1", Stall()),
        ("watch=1", Stream((), "stall")),
    ],
)
async def test_no_change_is_lost_when_lists_and_watches_break(proxied, proxy, api, namespace, path, fault):
    await create(api, namespace, "a")
    proxy.on(f"{namespace}/configmaps.*{path}", fault, fault)
    async with following(proxied, ours(namespace), idle_seconds=0.5) as follower:
        await follower.reflector.synced.wait()
        await create(api, namespace, "b", "c")
        await api.delete(CONFIG_MAPS, "a", namespace)
        await follower.until(lambda: follower.names() == ["b", "c"])
    assert len(follower.pauses) >= (0 if isinstance(fault, Cut) else 1)
    assert all(change.old != change.new for change in follower.told)
    requests = sum(count for (_, path), count in proxy.counts.items() if path.endswith("configmaps"))
    assert requests <= 2 + 3 * len(follower.pauses)


@pytest.mark.server
async def test_a_broken_stream_resumes_where_it_ended_without_a_new_list(proxied, proxy, api, namespace):
    async with following(proxied, ours(namespace)) as follower:
        await follower.reflector.synced.wait()
        for name in ("a", "b"):
            await create(api, namespace, name)
            await follower.until(lambda name=name: name in follower.names())
            proxy.reset_connections()
            await follower.until(lambda: follower.pauses)
        await create(api, namespace, "c")
        await follower.until(lambda: follower.names() == ["a", "b", "c"])
    lists = [request for request in proxy.requests if "limit=" in request.query]
    assert len(lists) == 1
    assert [change.key.name for change in follower.told] == ["a", "b", "c"]


@pytest.mark.server
async def test_what_the_server_has_forgotten_is_listed_anew(api, control_plane, namespace):
    await create(api, namespace, "a", "b")
    async with following(api, ours(namespace)) as follower:
        await follower.reflector.synced.wait()
        first = follower.reflector._version
        await asyncio.to_thread(control_plane.apiserver.crash)
        await follower.until(lambda: follower.reflector.error)
        await asyncio.to_thread(control_plane.start_apiserver)
        await api.delete(CONFIG_MAPS, "a", namespace)
        await create(api, namespace, "c")
        await follower.until(lambda: follower.names() == ["b", "c"])
        assert int(follower.reflector._version) > int(first)
        follower.reflector._version = first
        await asyncio.to_thread(control_plane.forget_history)
        await create(api, namespace, "d")
        await follower.until(lambda: follower.names() == ["b", "c", "d"])


@pytest.mark.server
async def test_a_kind_that_is_not_served_yet_is_waited_for(api, control_plane, namespace):
    widgets = Resource("example.org", "v1", "widgets", "Widget")
    async with following(api, Collection(widgets)) as follower:
        await follower.until(lambda: len(follower.pauses) > 2)
        assert not follower.reflector.synced.is_set()
        assert "404" in follower.reflector.error
        control_plane.kubectl("apply", "-f", "-", stdin=WIDGETS)
        await follower.reflector.synced.wait()
    control_plane.kubectl("delete", "-f", "-", stdin=WIDGETS)


WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


@pytest.mark.server
async def test_a_new_list_from_time_to_time_makes_good_for_a_lost_event(proxied, proxy, api, namespace):
    proxy.on(f"{namespace}/configmaps.*watch=1", Stream((FAR_AHEAD,), "close"))
    async with following(proxied, ours(namespace), relist_seconds=-1) as follower:
        await follower.reflector.synced.wait()
        await create(api, namespace, "a")
        await follower.until(lambda: follower.names() == ["a"])
    assert follower.pauses == []


@pytest.mark.server
async def test_an_error_of_the_handler_is_not_swallowed(api, namespace):
    def broken(change):
        raise LookupError(change.key.name)

    await create(api, namespace, "a")
    with pytest.raises(LookupError):
        await Reflector(api, ours(namespace), broken).run()
