"""What becomes of a pod."""

import copy
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from injector.handoff import decode
from injector.webhook.annotations import PREFIX
from tests.injector.webhook.building import (
    OPTIONS,
    Cluster,
    admitted,
    annotated,
    ask,
    config_of,
    external_secret,
    named,
    pod,
    refusal,
    store,
    usual,
    vault,
)
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "injector" / "webhook" / "golden"
AGENT, INIT, FILES = "external-secrets-agent", "external-secrets-init", "external-secrets-files"
MOUNT = {"name": FILES, "mountPath": "/secrets", "readOnly": True}
OWNED = {"ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "1"}]}
OLD = replace(OPTIONS, native=False)


def of_mode(mode, **more):
    return {"inject": "db", "mode": mode, **more}


def all_containers(stored):
    return [*stored["spec"].get("initContainers", []), *stored["spec"]["containers"]]


def names(containers):
    return [each["name"] for each in containers]


def agents(stored):
    return [each for each in all_containers(stored) if each["name"] in (AGENT, INIT)]


def mounting(stored):
    return [each["name"] for each in all_containers(stored) if MOUNT in each.get("volumeMounts", [])]


@pytest.mark.parametrize("mode", ["init", "sidecar", "native"])
async def test_a_bare_pod_becomes_the_golden_one(mode):
    form = {"template": {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "password"}]}}]}}
    cluster = Cluster(
        external_secret(target=form), external_secret("keys", store={"name": "other"}), store(),
        store(vault({"tokenSecretRef": {"name": "login", "key": "token"}}), name="other"),
        config_maps=["form"],
    )  # fmt: skip
    wanted = {"inject": "db,keys", "mode": mode, "format": "keys=env", "max-staleness": "6h"}
    stored = await admitted(pod(annotations=wanted, serviceAccountName="default"), cluster)
    config = config_of(stored)
    stored["metadata"]["annotations"][f"{PREFIX}config"] = "…"
    path = GOLDEN / f"{mode}.yaml"
    golden = yaml.safe_load(path.read_text())
    assert {"pod": stored, "config": config} == golden


async def test_the_hand_off_is_one_that_the_agent_reads():
    stored = await admitted(pod(annotations={"inject": "db", "on-change": "http:8080/reload", "max-staleness": "1h"}))
    config = decode(stored["metadata"]["annotations"][f"{PREFIX}config"])
    assert config.namespace == "team"
    assert config.service_account == "default"
    assert [each.target for each in config.deliveries] == ["db"]
    assert config.tokens == {"vault": "0"}
    assert config.stores[0]["spec"] == store()["spec"]
    assert config.on_change is not None
    assert (config.on_change.port, config.on_change.path, config.max_staleness) == (8080, "/reload", 3600)


async def test_a_pod_that_does_not_opt_in_stays_as_it_is():
    response = await ask(pod(metadata={"annotations": {"note": "1"}}))
    assert response == {"uid": "7f0b2891", "allowed": True}


async def test_a_hand_off_that_the_user_wrote_is_overwritten():
    metadata = {"annotations": {**annotated(inject="db"), f"{PREFIX}config": '{"version":1,"stores":["mine"]}'}}
    assert "mine" not in str(config_of(await admitted(pod(metadata=metadata))))


@pytest.mark.parametrize(
    ("shape", "options", "mode", "warning"),
    [
        (pod(), OPTIONS, "native", ""),
        (pod(), replace(OPTIONS, mode="sidecar"), "sidecar", ""),
        (pod(annotations=of_mode("init")), OPTIONS, "init", ""),
        (pod(annotations=of_mode("init")), OLD, "init", ""),
        (pod(annotations=of_mode("native")), OLD, "sidecar", "this cluster has no native sidecars"),
        (pod(annotations=of_mode("sidecar")), OLD, "sidecar", ""),
        (pod(annotations=of_mode("sidecar"), restartPolicy="Always"), OPTIONS, "sidecar", ""),
        (pod(annotations=of_mode("sidecar"), restartPolicy="Never"), OPTIONS, "native", "would keep a pod that ends"),
        (pod(annotations=of_mode("sidecar"), restartPolicy="OnFailure"), OPTIONS, "native", "would keep a pod"),
        (pod(annotations=of_mode("sidecar", first="true"), metadata=None, restartPolicy="Never"), OLD, "init", "mode init"),
        (pod(annotations=of_mode("native"), restartPolicy="Never"), OPTIONS, "native", ""),
        (pod(annotations=of_mode("native"), restartPolicy="Never"), OLD, "init", "its files are not refreshed"),
        (pod(annotations=of_mode("init"), restartPolicy="Never"), OLD, "init", ""),
        (pod(metadata={**OWNED, "annotations": annotated(**of_mode("sidecar"))}), OPTIONS, "native", "a pod that ends"),
        (pod(annotations=of_mode("init", max_staleness="1h")), OPTIONS, "init", "max-staleness has no effect in mode init"),
        (pod(annotations=of_mode("init", on_change="http:80/a")), OPTIONS, "init", "on-change has no effect in mode init"),
    ],
)  # fmt: skip
async def test_the_mode_and_what_is_said_when_it_is_another(shape, options, mode, warning):
    response = await ask(shape, options=options)
    stored = await admitted(shape, options=options)
    where = [
        (name, "init" if name in names(stored["spec"]["initContainers"]) else "beside")
        for name in names(agents(stored))
    ]
    assert (
        where
        == {
            "init": [(INIT, "init")],
            "sidecar": [(INIT, "init"), (AGENT, "beside")],
            "native": [(AGENT, "init")],
        }[mode]
    )
    assert [each.get("restartPolicy") for each in agents(stored)] == (
        ["Always"] if mode == "native" else [None] * len(where)
    )
    warnings = response.get("warnings", [])
    assert (warning in warnings[0]) if warning else not warnings
    assert all(len(each) <= 256 for each in warnings)


PLAIN, SIDECAR = {"name": "migrate"}, {"name": "proxy", "restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("annotations", "inits", "reading"),
    [
        ({}, [AGENT, "migrate", "proxy"], ["migrate", "proxy", "app", "worker"]),
        ({"first": "false"}, ["migrate", "proxy", AGENT], ["app", "worker"]),
        ({"containers": "worker"}, [AGENT, "migrate", "proxy"], ["migrate", "worker"]),
        ({"containers": "worker,proxy"}, [AGENT, "migrate", "proxy"], ["migrate", "proxy", "worker"]),
        ({"containers": "proxy", "first": "false"}, ["migrate", "proxy", AGENT], ["proxy"]),
    ],
)
async def test_where_the_agent_stands_and_who_mounts_the_files(annotations, inits, reading):
    stored = await admitted(
        pod(
            annotations={"inject": "db", **annotations},
            initContainers=[PLAIN, SIDECAR],
            containers=[{"name": "app"}, {"name": "worker"}],
        )
    )
    assert names(stored["spec"]["initContainers"]) == inits
    assert mounting(stored) == reading


def sc(**fields):
    return {"securityContext": fields}


@pytest.mark.parametrize(
    ("spec", "containers", "uid", "mode"),
    [
        ({}, [{}], 65532, 0o444),
        (sc(runAsUser=1000), [{}], 1000, 0o400),
        ({}, [sc(runAsUser=1000)], 1000, 0o400),
        (sc(runAsUser=1), [sc(runAsUser=1000), sc(runAsUser=1000)], 1000, 0o400),
        (sc(runAsUser=1000), [{}, sc(runAsUser=1001)], 65532, 0o444),
        ({}, [sc(runAsUser=1000), {}], 65532, 0o444),
        (sc(runAsUser=0), [{}], 65532, 0o444),
        (sc(fsGroup=2000), [{}], 65532, 0o440),
        (sc(fsGroup=0), [{}], 65532, 0o440),
        (sc(fsGroup=2000, runAsUser=1000), [{}], 1000, 0o400),
        (sc(fsGroup=2000, runAsUser=1000), [{}, sc(runAsUser=1001)], 65532, 0o440),
    ],
)
async def test_who_the_agent_is_and_who_may_read(spec, containers, uid, mode):
    several = [{"name": f"c{index}", **each} for index, each in enumerate(containers)]
    before = pod(containers=several, **spec)
    stored = await admitted(before)
    (agent,) = agents(stored)
    assert agent["securityContext"]["runAsUser"] == uid
    assert config_of(stored).get("fileMode", 0o444) == mode
    assert stored["spec"].get("securityContext") == before["spec"].get("securityContext")
    # where the platform chooses, nothing is chosen
    assigned = await admitted(before, options=replace(OPTIONS, platform_assigns_uids=True))
    (agent,) = agents(assigned)
    assert not {"runAsUser", "runAsGroup"} & agent["securityContext"].keys()
    assert config_of(assigned).get("fileMode", 0o444) == (
        0o440 if "fsGroup" in spec.get("securityContext", {}) else 0o444
    )


async def test_only_those_who_read_decide_whose_uid_it_is():
    containers = [{"name": "app", **sc(runAsUser=1000)}, {"name": "other", **sc(runAsUser=1001)}]
    stored = await admitted(pod(annotations={"inject": "db", "containers": "app"}, containers=containers))
    assert agents(stored)[0]["securityContext"]["runAsUser"] == 1000
    later = {"name": "later", **sc(runAsUser=1002)}
    stored = await admitted(
        pod(annotations={"inject": "db", "containers": "app"}, containers=containers, initContainers=[later])
    )
    assert agents(stored)[0]["securityContext"]["runAsUser"] == 65532


async def test_who_mounts_the_files_by_itself_can_read_them_and_gets_no_other_mount():
    own = {"name": FILES, "mountPath": "/mine", "readOnly": True}
    containers = [
        {"name": "app", **sc(runAsUser=1000)},
        {"name": "other", "volumeMounts": [own], **sc(runAsUser=1001)},
    ]
    stored = await admitted(pod(annotations={"inject": "db", "containers": "app"}, containers=containers))
    assert agents(stored)[0]["securityContext"]["runAsUser"] == 65532
    assert config_of(stored).get("fileMode", 0o444) == 0o444
    assert mounting(stored) == ["app"]
    assert await admitted(stored) == stored


@pytest.mark.parametrize(
    ("wish", "spec", "warns"),
    [
        ("0400", {}, True),
        ("0440", {}, True),
        ("0444", {}, False),
        ("0400", sc(runAsUser=7), False),
        ("0440", sc(fsGroup=7), False),
        ("0400", sc(fsGroup=7), True),
        ("0644", {}, False),
    ],
)
async def test_a_mode_of_ones_own_is_obeyed_and_doubted_where_it_locks_someone_out(wish, spec, warns):
    shape = pod(annotations={"inject": "db", "file-mode": wish}, **spec)
    assert config_of(await admitted(shape)).get("fileMode", 0o444) == int(wish, 8)
    warnings = (await ask(shape)).get("warnings", [])
    assert bool(warnings) == warns
    assert all("may not be able to read them" in each for each in warnings)


async def test_the_group_is_the_pods_where_it_has_one():
    assert "runAsGroup" not in agents(await admitted(pod(**sc(runAsGroup=5))))[0]["securityContext"]
    assert agents(await admitted(pod()))[0]["securityContext"]["runAsGroup"] == 65532


@pytest.mark.parametrize(
    ("shape", "served"),
    [
        (pod(), True),
        (pod(hostNetwork=True), False),
        (pod(containers=[{"name": "app", "ports": [{"containerPort": 9467}]}]), False),
        (pod(containers=[{"name": "app", "ports": [{"containerPort": 80}]}]), True),
    ],
)
@pytest.mark.parametrize("mode", ["sidecar", "native"])
async def test_probes_are_http_where_there_is_a_port_to_have(shape, served, mode):
    shape = copy.deepcopy(shape)
    shape["metadata"]["annotations"] |= annotated(mode=mode)
    stored = await admitted(shape)
    agent = named(all_containers(stored), AGENT)
    assert config_of(stored).get("port", 0) == (9467 if served else 0)
    assert ("ports" in agent) == served
    asked = {"readinessProbe": ("ready", "/readyz"), "startupProbe": ("started", "/startupz")}
    probes = {name: agent[name] for name in asked if name in agent}
    assert len(probes) == (2 if mode == "native" else 1)
    assert ("livenessProbe" in agent) == served
    for name, probe in probes.items():
        word, path = asked[name]
        if served:
            assert probe["httpGet"] == {"path": path, "port": 9467, "scheme": "HTTP"}
        else:
            assert probe["exec"]["command"] == ["/usr/bin/python3", "-m", "injector", "agent", "--probe", word]
    if mode == "native":  # the agent gives up by itself, with a sentence, before the kubelet does
        startup = probes["startupProbe"]
        assert startup["failureThreshold"] * startup["periodSeconds"] > OPTIONS.deadline


async def test_credentials_are_mounted_by_the_agent_alone_and_the_api_token_by_nobody_new():
    stored = await admitted(pod(annotations=of_mode("sidecar"), containers=[{"name": "app"}, {"name": "b"}]))
    for each in all_containers(stored):
        mounted = {mount["name"]: mount["mountPath"] for mount in each["volumeMounts"]}
        if each["name"] in (AGENT, INIT):
            assert mounted["external-secrets-no-token"] == "/var/run/secrets/kubernetes.io/serviceaccount"
            assert mounted["external-secrets-credentials"] == "/var/run/external-secrets-injector"
        else:
            assert mounted == {FILES: "/secrets"}
    assert named(stored["spec"]["volumes"], "external-secrets-no-token")["emptyDir"] == {}


async def test_a_store_without_login_needs_no_volume_for_it():
    cluster = Cluster(external_secret(), store({"express": {"host": "http://it"}}))
    stored = await admitted(pod(), cluster)
    assert "external-secrets-credentials" not in names(stored["spec"]["volumes"])
    assert "external-secrets-credentials" not in [m["name"] for m in agents(stored)[0]["volumeMounts"]]


async def test_one_token_per_audience_and_every_key_once():
    secret = {"tokenSecretRef": {"name": "login", "key": "token"}}
    cluster = Cluster(
        *(external_secret(name, store={"name": f"s-{name}"}) for name in "abcd"),
        store(name="s-a"), store(vault({"kubernetes": {"role": "r"}}), name="s-b"),
        store(vault(secret), name="s-c"), store(vault(secret), name="s-d"),
    )  # fmt: skip
    stored = await admitted(pod(annotations={"inject": "a,b,c,d"}), cluster)
    assert config_of(stored)["tokens"] == {"": "0", "vault": "1"}
    assert named(stored["spec"]["volumes"], "external-secrets-credentials")["projected"]["sources"] == [
        {"serviceAccountToken": {"expirationSeconds": 3600, "path": "tokens/0"}},
        {"serviceAccountToken": {"audience": "vault", "expirationSeconds": 3600, "path": "tokens/1"}},
        {"secret": {"name": "login", "items": [{"key": "token", "path": "secrets/login/token"}], "optional": True}},
    ]


# -- called again

SHAPES = st.fixed_dictionaries(
    {},
    optional={
        "initContainers": st.sampled_from([[PLAIN], [SIDECAR], [PLAIN, SIDECAR], []]),
        "volumes": st.sampled_from([[], [{"name": "mine", "emptyDir": {}}]]),
        "securityContext": st.sampled_from([{}, {"runAsUser": 1000}, {"fsGroup": 3}, {"runAsUser": 0}]),
        "hostNetwork": st.booleans(),
        "restartPolicy": st.sampled_from(["Always", "Never", "OnFailure"]),
        "containers": st.sampled_from([[{"name": "app"}, {"name": "b", "volumeMounts": [{"name": "mine", "mountPath": "/m"}]}]]),
    },
)  # fmt: skip
WISHES = st.fixed_dictionaries(
    {"inject": st.just("db")},
    optional={
        "mode": st.sampled_from(["init", "sidecar", "native"]),
        "containers": st.just("app"),
        "first": st.sampled_from(["true", "false"]),
        "mount-path": st.sampled_from(["/secrets", "/data/x"]),
        "file-mode": st.sampled_from(["0400", "0444"]),
        "format": st.sampled_from(["env", "db=json"]),
        "on-change": st.just("http:8080/"),
    },
)


@given(SHAPES, WISHES, st.booleans())
@settings(deadline=None)
async def test_a_second_call_changes_nothing(shape, wishes, native):
    options = replace(OPTIONS, native=native)
    stored = await admitted(pod(annotations=wishes, **shape), options=options)
    assert "patch" not in await ask(stored, options=options)


@given(SHAPES, WISHES)
@settings(deadline=None)
async def test_no_annotation_changes_what_the_agent_may_do(shape, wishes):
    stored = await admitted(pod(annotations=wishes, **shape))
    for agent in agents(stored):
        context = agent["securityContext"]
        assert context.pop("runAsUser") > 0
        context.pop("runAsGroup", None)
        assert context == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert agent["image"] == OPTIONS.image
        assert agent["args"] in (["agent", "--once"], ["agent", "--refresh"])
        assert "command" not in agent
        assert "env" not in agent
        assert agent["resources"] == OPTIONS.resources


@given(SHAPES, WISHES)
@settings(deadline=None)
async def test_what_the_pod_brings_stays(shape, wishes):
    before = pod(annotations=wishes, **shape)
    stored = await admitted(before)
    for kind in ("containers", "initContainers", "volumes"):
        ours = (
            (AGENT, INIT)
            if kind != "volumes"
            else [v["name"] for v in stored["spec"]["volumes"] if "external-secrets-" in v["name"]]
        )
        kept = [each for each in stored["spec"][kind] if each["name"] not in ours]
        stripped = [
            {**each, "volumeMounts": [m for m in each["volumeMounts"] if m["name"] != FILES]}
            if "volumeMounts" in each
            else each
            for each in kept
        ]
        plain = [{name: value for name, value in each.items() if value != []} for each in stripped]
        assert plain == before["spec"].get(kind, [])
    rest = {"containers", "initContainers", "volumes"}
    assert {k: v for k, v in stored["spec"].items() if k not in rest} == {
        k: v for k, v in before["spec"].items() if k not in rest
    }


@pytest.mark.parametrize("mode", ["init", "sidecar", "native"])
async def test_what_other_webhooks_add_to_the_agent_in_between_is_completed(mode):
    stored = await admitted(pod(annotations=of_mode(mode), initContainers=[PLAIN], volumes=[]))
    stored["spec"]["containers"].append({"name": "mesh"})
    stored["spec"]["initContainers"].insert(0, {"name": "mesh-init"})
    stored["spec"]["initContainers"].append({"name": "late"})
    stored["spec"]["volumes"].append({"name": "mesh", "emptyDir": {}})
    own = agents(stored)
    for agent in own:
        agent["env"] = [{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::1:role/r"}]
        agent["volumeMounts"].append({"name": "mesh", "mountPath": "/aws"})
        agent["resources"] = {"requests": {"cpu": "7m"}}
        agent["image"] = "other"
    again = await admitted(stored)
    assert names(agents(again)) == names(own)
    assert mounting(again) == ["migrate", "app"]
    assert names(again["spec"]["initContainers"])[0] == "mesh-init"
    for agent in agents(again):
        assert agent["image"] == OPTIONS.image
        assert agent["env"] == [{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::1:role/r"}]
        assert {"name": "mesh", "mountPath": "/aws"} in agent["volumeMounts"]
        assert agent["resources"] == {"requests": {"cpu": "7m"}}
    assert "patch" not in await ask(again)


@pytest.mark.parametrize("mode", ["init", "sidecar", "native"])
@pytest.mark.parametrize("late", [{}, sc(runAsUser=1337), sc(runAsUser=0)])
async def test_a_container_that_comes_later_has_no_files_and_changes_nothing_for_those_who_have(mode, late):
    first = pod(annotations=of_mode(mode), containers=[{"name": "app"}], initContainers=[PLAIN], **sc(runAsUser=1000))
    stored = await admitted(first)
    for kind in ("containers", "initContainers"):
        stored["spec"][kind].append({"name": f"late-{kind}", **late})
    stored["spec"]["initContainers"].append({"name": "late-sidecar", "restartPolicy": "Always", **late})
    again = await admitted(stored)
    assert again == stored
    assert mounting(again) == ["migrate", "app"]
    assert {agent["securityContext"]["runAsUser"] for agent in agents(again)} == {1000}
    assert config_of(again)["fileMode"] == 0o400


async def test_a_container_that_comes_later_and_mounts_the_files_is_one_that_reads_them():
    stored = await admitted(pod(**sc(runAsUser=1000)))
    reader = {"name": "late", "volumeMounts": [{**MOUNT, "mountPath": "/late"}], **sc(runAsUser=1001)}
    stored["spec"]["containers"].append(reader)
    again = await admitted(stored)
    assert mounting(again) == ["app", "late"]
    assert config_of(again).get("fileMode", 0o444) == 0o444


@pytest.mark.parametrize("proxy", ["istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane"])
async def test_a_meshs_proxy_has_no_files_whoever_came_first_unless_it_is_named(proxy):
    inits = [
        {"name": "istio-init", **sc(runAsUser=0)},
        {"name": proxy, "restartPolicy": "Always", **sc(runAsUser=1337)},
    ]
    beside = [{"name": "app"}, {"name": "linkerd-proxy", **sc(runAsUser=2102)}]
    stored = await admitted(pod(containers=beside, initContainers=inits, **sc(runAsUser=1000)))
    assert mounting(stored) == ["app"]
    assert config_of(stored)["fileMode"] == 0o400
    assert await admitted(stored) == stored
    wanted = {"inject": "db", "containers": f"app,{proxy}"}
    chosen = await admitted(pod(annotations=wanted, containers=[{"name": "app"}], initContainers=inits))
    assert mounting(chosen) == [proxy, "app"]
    assert await admitted(chosen) == chosen


async def test_a_meshs_proxy_that_is_alone_is_the_app():
    stored = await admitted(pod(containers=[{"name": "istio-proxy"}]))
    assert mounting(stored) == ["istio-proxy"]
    assert await admitted(stored) == stored


async def test_volumes_of_other_settings_are_the_webhooks_own():
    secret = {"tokenSecretRef": {"name": "login", "key": "token"}}
    stored = await admitted(pod(), options=replace(OPTIONS, volume_size="1024Ki"))
    named(stored["spec"]["volumes"], FILES)["emptyDir"]["sizeLimit"] = "1Mi"  # as the API server writes it
    other = Cluster(external_secret(), store(vault(secret)))
    again = await admitted(stored, other)
    assert again["spec"]["volumes"] == (await admitted(pod(), other))["spec"]["volumes"]
    none = Cluster(external_secret(), store({"express": {"host": "http://it"}}))
    assert "external-secrets-credentials" not in names((await admitted(again, none))["spec"]["volumes"])


async def test_the_agents_own_fields_are_nobodys_to_change():
    stored = await admitted(pod())
    (agent,) = agents(stored)
    golden = copy.deepcopy(agent)
    agent |= {"image": "evil", "command": ["sh"], "securityContext": {"privileged": True}, "lifecycle": {"x": 1}}
    agent["volumeMounts"][0]["mountPath"] = "/elsewhere"
    agent["volumeMounts"].append({"name": "evil", "mountPath": "/secrets"})
    assert agents(await admitted(stored)) == [golden]


async def test_a_mount_of_the_files_elsewhere_is_kept():
    mount = {"name": FILES, "mountPath": "/etc/app", "readOnly": True}
    stored = await admitted(pod(containers=[{"name": "app", "volumeMounts": [mount]}]))
    assert stored["spec"]["containers"][0]["volumeMounts"] == [mount, MOUNT]


async def test_the_question_is_left_as_it_was():
    shape = pod(initContainers=[PLAIN])
    before = copy.deepcopy(shape)
    await ask(shape, usual())
    assert shape == before


@pytest.mark.parametrize("shared", ["shareProcessNamespace", "hostPID"])
async def test_who_sees_the_agents_process_does_not_share_its_uid(shared):
    alone = await admitted(pod(securityContext={"runAsUser": 1000}))
    seen = await admitted(pod(securityContext={"runAsUser": 1000}, **{shared: True}))
    (one,), (other,) = agents(alone), agents(seen)
    assert (one["securityContext"]["runAsUser"], config_of(alone)["fileMode"]) == (1000, 0o400)
    assert (other["securityContext"]["runAsUser"], config_of(seen).get("fileMode", 0o444)) == (65532, 0o444)


async def test_nobody_makes_an_agent_run_another_program_or_read_another_hand_off():
    stored = await admitted(pod())
    (agent,) = agents(stored)
    honest = {"name": "AWS_ROLE_ARN", "value": "arn"}, {"name": "aws-token", "mountPath": "/var/run/secrets/eks"}
    agent["env"] = [{"name": "PYTHONPATH", "value": "/evil"}, {"name": "LD_PRELOAD", "value": "/evil.so"}, honest[0]]
    agent["volumeMounts"] += [
        {"name": "evil", "mountPath": "/etc/external-secrets-injector/config.json", "subPath": "config.json"},
        {"name": "evil", "mountPath": "/var/run/external-secrets-injector/tokens"},
        {"name": "evil", "mountPath": "/secrets/db"},
        {"name": "evil", "mountPath": "/usr/lib/python3"},
        {"name": "evil", "mountPath": "/"},
        honest[1],
    ]
    agent["image"], agent["command"] = "evil:1", ["sh"]
    (again,) = agents(await admitted(stored))
    assert again["env"] == [honest[0]]
    assert [each["name"] for each in again["volumeMounts"]] == [
        each["name"] for each in agents(await admitted(pod()))[0]["volumeMounts"]
    ] + ["aws-token"]
    assert (again["image"], again.get("command")) == (OPTIONS.image, None)


@pytest.mark.parametrize(
    ("name", "stays"),
    [
        *((name, True) for name in ("AWS_ROLE_ARN", "AZURE_CLIENT_ID", "GOOGLE_APPLICATION_CREDENTIALS")),
        *((name, True) for name in ("CLOUDSDK_COMPUTE_REGION", "KUBERNETES_SERVICE_HOST", "SSL_CERT_FILE")),
        *((name, True) for name in ("HTTPS_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY")),
        *((name, False) for name in ("PYTHONPATH", "LD_PRELOAD", "GLIBC_TUNABLES", "OPENSSL_CONF", "OPENSSL_MODULES")),
        *((name, False) for name in ("SSLKEYLOGFILE", "GCONV_PATH", "MALLOC_ARENA_MAX", "MY_AWS_ROLE", "PROXY")),
    ],
)
async def test_of_variables_only_those_of_identities_proxies_and_cas_are_others_to_add(name, stays):
    stored = await admitted(pod())
    agents(stored)[0]["env"] = [{"name": name, "value": "x"}]
    assert agents(await admitted(stored))[0].get("env", []) == ([{"name": name, "value": "x"}] if stays else [])


async def test_a_mount_of_the_files_that_was_completed_since_is_not_doubled():
    stored = await admitted(pod())
    (mount,) = stored["spec"]["containers"][0]["volumeMounts"]
    mount["recursiveReadOnly"] = "IfPossible"
    again = await admitted(stored)
    assert again["spec"]["containers"][0]["volumeMounts"] == [mount]


async def test_a_pod_of_nothing_but_an_agent_is_refused():
    stored = await admitted(pod(annotations=of_mode("sidecar")))
    stored["spec"]["containers"] = [named(stored["spec"]["containers"], AGENT)]
    assert "no container but the agent's own" in await refusal(stored)


async def test_a_refusal_names_a_few_of_many_that_are_missing():
    said = await refusal(pod(annotations={"inject": ",".join(f"x{number}" for number in range(20))}))
    assert said.count("ExternalSecret") == 5
    assert "and 15 more" in said
