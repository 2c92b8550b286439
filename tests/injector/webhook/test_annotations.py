"""What annotations ask for, and what is said of wrong ones."""

import pytest

from injector.handoff import OnChange
from injector.webhook.annotations import READERS, Injection, read_annotations, wants_injection
from secretcore.errors import InvalidSpec
from tests.injector.webhook.building import annotated
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, {}),
        ({"inject": " db , tls,"}, {"names": ("db", "tls")}),
        ({"mode": "init"}, {"mode": "init"}),
        ({"mode": "sidecar"}, {"mode": "sidecar"}),
        ({"mode": "native"}, {"mode": "native"}),
        ({"containers": "app, worker"}, {"containers": ("app", "worker")}),
        ({"mount_path": "/etc/db/"}, {"mount_path": "/etc/db"}),
        ({"mount_path": "/app/secrets"}, {"mount_path": "/app/secrets"}),
        ({"file_mode": "0400"}, {"file_mode": 0o400}),
        ({"file_mode": "440"}, {"file_mode": 0o440}),
        ({"file_mode": "0600"}, {"file_mode": 0o600}),
        ({"format": "env"}, {"formats": {"db": "env"}}),
        ({"inject": "a,b", "format": "json"}, {"names": ("a", "b"), "formats": {"a": "json", "b": "json"}}),
        ({"inject": "a,b", "format": "b=properties"}, {"names": ("a", "b"), "formats": {"b": "properties"}}),
        ({"inject": "a,b", "format": "a=yaml, b=files"}, {"names": ("a", "b"), "formats": {"a": "yaml", "b": "files"}}),
        ({"on_change": "none"}, {"on_change": None}),
        ({"on_change": "http:8080/-/reload?now=1"}, {"on_change": OnChange(port=8080, path="/-/reload?now=1")}),
        ({"max_staleness": "2h30m"}, {"max_staleness": 9000}),
        ({"max_staleness": "0"}, {"max_staleness": 0}),
        ({"first": "false"}, {"first": False}),
        ({"config": "anything"}, {}),
    ],
)
def test_an_annotation_is_read(annotations, expected):
    assert read_annotations(annotated(**{"inject": "db", **annotations})) == Injection(**{"names": ("db",), **expected})


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"inject": ""}, "inject: names no ExternalSecret"),
        ({"inject": " , "}, "inject: names no ExternalSecret"),
        ({"inject": "db,Db"}, 'inject: "Db" can\'t be the name of an ExternalSecret'),
        ({"inject": "../db"}, 'inject: "../db" can\'t be the name'),
        ({"inject": "db,tls,db"}, 'inject: names "db" twice'),
        ({"inject": ",".join(f"x{number}" for number in range(65))}, "inject: has 65 names, the most is 64"),
        ({"inject": "x," * 5000}, "inject: has 10000 characters, the most is 8192"),
        ({"mode": "both"}, 'mode: must be one of init, sidecar, native, is "both"'),
        ({"mode": ""}, 'mode: must be one of init, sidecar, native, is ""'),
        ({"containers": ","}, "containers: names no container; leave it out for all of them"),
        ({"containers": "app,app"}, 'containers: names "app" twice'),
        ({"mount_path": "secrets"}, 'mount-path: must be an absolute path without ".", ".." and ":", is "secrets"'),
        ({"mount_path": "/a/../etc"}, "mount-path: must be an absolute path"),
        ({"mount_path": "/a//b"}, "mount-path: must be an absolute path"),
        ({"mount_path": "/a:b"}, "mount-path: must be an absolute path"),
        ({"mount_path": "/" + "a" * 600}, "mount-path: must be an absolute path"),
        ({"mount_path": "/"}, 'mount-path: "/" belongs to the system'),
        ({"mount_path": "/etc"}, 'mount-path: "/etc" belongs to the system; choose a folder of its own, such as /secrets'),
        ({"mount_path": "/proc/1"}, 'mount-path: "/proc/1" belongs to the system'),
        ({"mount_path": "/var/run/secrets/kubernetes.io/serviceaccount"}, "belongs to the system"),
        ({"file_mode": "0000"}, "file-mode: must be octal, let the owner read"),
        ({"file_mode": "0777"}, "file-mode: must be octal, let the owner read and nobody else write"),
        ({"file_mode": "0420"}, "file-mode: must be octal"),
        ({"file_mode": "04400"}, "file-mode: must be octal"),
        ({"file_mode": "u=r"}, "file-mode: must be octal"),
        ({"format": "toml"}, "format: must be one of files, env, json, yaml, properties, for all or as NAME=FORMAT each"),
        ({"format": "db=toml"}, 'is "toml"'),
        ({"format": "tls=env"}, 'format: "tls" is not among the injected ExternalSecrets, which are db'),
        ({"format": "db=env,json"}, "format: must be one of"),
        ({"format": "db=env,db =json"}, "format: names an ExternalSecret twice"),
        ({"on_change": "http:0/a"}, "on-change: must be none or http:PORT/PATH, such as http:8080/-/reload"),
        ({"on_change": "http:70000/a"}, "on-change: must be none or http:PORT/PATH"),
        ({"on_change": "http://evil.example/a"}, "on-change: must be none or http:PORT/PATH"),
        ({"on_change": "http:80"}, "on-change: must be none or http:PORT/PATH"),
        ({"on_change": "http:80/a b"}, "on-change: must be none or http:PORT/PATH"),
        ({"on_change": "exec:rm"}, "on-change: must be none or http:PORT/PATH"),
        ({"max_staleness": "soon"}, "max-staleness: must be a duration such as 2h30m, or 0 for never"),
        ({"max_staleness": "-1h"}, "max-staleness: must be a duration"),
        ({"first": "yes"}, 'first: must be true or false, is "yes"'),
        ({"image": "evil"}, "image: is not an annotation of the injector, which are inject, mode, containers"),
        ({"identity": "pod"}, "identity: is not an annotation of the injector"),
    ],
)  # fmt: skip
def test_a_wrong_annotation_is_named_with_what_it_may_be(annotations, message):
    with pytest.raises(InvalidSpec) as raised:
        read_annotations(annotated(**{"inject": "db", **annotations}))
    assert f"injector.external-secrets.io/{message}" in str(raised.value) or message in str(raised.value)
    (name,) = annotations
    assert f"injector.external-secrets.io/{name.replace('_', '-')}: " in str(raised.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidSpec) as raised:
        read_annotations(annotated(mode="x", first="y", uid="0"))
    for name in ("mode", "first", "uid", "inject"):
        assert f"injector.external-secrets.io/{name}: " in str(raised.value)


def test_who_opts_in():
    assert wants_injection(annotated(inject="db"))
    assert wants_injection(annotated(injekt="db"))  # a slip is told, not ignored
    assert not wants_injection({"prometheus.io/scrape": "true"})
    assert not wants_injection({})


def test_each_annotation_is_documented():
    text = (ROOT / "docs" / "annotations.md").read_text()
    for name in READERS:
        assert f"| `{name}` |" in text
