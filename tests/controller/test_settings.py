"""Settings: a flag, a variable or a line of a file each."""

from datetime import timedelta

import pytest

from controller.eso_flags import WITHOUT_EFFECT
from controller.settings import Settings, notices, read_settings
from kubecore.settings import WrongSettings


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "concurrent", 16),
        (["--concurrent=3"], "concurrent", 3),
        (["--concurrent", "3"], "concurrent", 3),
        (["--controller-class=dev"], "controller_class", "dev"),
        (["--store-requeue-interval=1m30s"], "store_requeue_interval", timedelta(seconds=90)),
        (["--store-requeue-interval=0s"], "store_requeue_interval", timedelta(0)),
        (["--enable-flood-gate=false"], "enable_flood_gate", False),
        (["--enable-leader-election"], "enable_leader_election", True),
        (["--enable-leader-election=true", "--concurrent=2"], "enable_leader_election", True),
        (["--metrics-addr=127.0.0.1:9"], "metrics_addr", "127.0.0.1:9"),
        (["--live-addr=[::1]:9"], "live_addr", "[::1]:9"),
        (["--metrics-addr=0"], "metrics_addr", "0"),
        (["--loglevel=INFO"], "loglevel", "INFO"),
        (["--loglevel=panic"], "loglevel", "panic"),
        (["--zap-time-encoding=epoch"], "zap_time_encoding", "epoch"),
        (["--enable-extended-metric-labels"], "enable_extended_metric_labels", True),
    ],
)
def test_a_flag(arguments, name, value):
    assert getattr(read_settings(arguments), name) == value


def test_the_flag_wins_over_the_variable_and_that_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "settings.yaml"
    file.write_text("concurrent: 1\ncontroller-class: file\nnamespace: file\n")
    monkeypatch.setenv("CONTROLLER_CONCURRENT", "2")
    monkeypatch.setenv("CONTROLLER_CONTROLLER_CLASS", "variable")
    settings = read_settings([f"--config={file}", "--concurrent=3"])
    assert (settings.concurrent, settings.controller_class, settings.namespace) == (3, "variable", "file")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--concurrent=0"], "concurrent: input should be greater than or equal to 1"),
        (["--store-requeue-interval=soon"], "store-requeue-interval: "),
        (["--store-requeue-interval=-5m"], "store-requeue-interval: must not be negative"),
        (["--leader-election-lease-duration=-1s"], "leader-election-lease-duration: must not be negative"),
        (["--store-requeue-interval=1ms"], "store-requeue-interval must be 1s or longer, or 0"),
        (["--leader-election-retry-period=0s"], "leader-election-retry-period must be longer than 0s"),
        (["--leader-election-retry-period=10s"], "leader-election-retry-period must be longer than 0s"),
        (["--leader-election-renew-deadline=15s"], "leader-election-renew-deadline must be at least 1s"),
        (["--leader-election-renew-deadline=0s"], "leader-election-retry-period must be longer than 0s"),
        (["--metrics-addr=everywhere"], "metrics-addr: "),
        (["--loglevel=loud"], "loglevel: "),
        (["--config=/nowhere/at/all"], "config /nowhere/at/all: No such file or directory"),
    ],
)
def test_what_can_not_be_used_is_named(arguments, sentence):
    with pytest.raises(WrongSettings) as raised:
        read_settings(arguments)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("concurent: 2", "concurent: extra inputs are not permitted"),
        ("- a", "must be a map"),
        (":\n\t-", "not YAML"),
    ],
)
def test_a_file_that_can_not_be_used_is_named(tmp_path, content, sentence):
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    with pytest.raises(WrongSettings, match=sentence):
        read_settings([f"--config={file}"])


OF_ESO = {
    "metrics-addr": ":8080", "metrics-auth": "false", "metrics-secure": "false", "metrics-cert-dir": "/etc/tls",
    "metrics-cert-name": "tls.crt", "metrics-key-name": "tls.key", "controller-class": "default",
    "enable-leader-election": "false", "leader-election-id": "external-secrets-controller",
    "leader-election-lease-duration": "15s", "leader-election-renew-deadline": "10s",
    "leader-election-retry-period": "2s", "concurrent": "1", "client-qps": "50", "client-burst": "100",
    "live-addr": ":8082", "loglevel": "info", "zap-time-encoding": "epoch", "namespace": "team",
    "unsafe-allow-generic-targets": "false", "template-left-delimiter": "{{", "template-right-delimiter": "}}",
    "vault-token-cache-size": "262144", "experimental-enable-doppler-oidc-cache": "false",
    "experimental-doppler-oidc-cache-size": "262144", "doppler-etag-cache-size": "16384", "pulumi-oidc-cache-size": "1",
    "mysterybox-tokens-cache-size": "1", "mysterybox-connections-cache-size": "1",
    "enable-cluster-store-reconciler": "true", "enable-secret-store-reconciler": "true",
    "enable-cluster-external-secret-reconciler": "true", "enable-push-secret-reconciler": "true",
    "enable-cluster-push-secret-reconciler": "true", "enable-secrets-caching": "false",
    "enable-configmaps-caching": "false", "enable-managed-secrets-caching": "true",
    "enable-secret-api-read-on-cache-mismatch": "true", "store-requeue-interval": "5m", "enable-flood-gate": "true",
    "enable-generator-state": "true", "enable-extended-metric-labels": "false", "enable-http2": "false",
    "generator-gc-grace-period": "2m", "enable-vault-token-cache": "false",
    "experimental-enable-vault-token-cache": "false", "experimental-vault-token-cache-size": "262144",
    "experimental-enable-aws-session-cache": "false",
}  # fmt: skip
"""Every flag of ESO's controller, with its default."""


def test_every_flag_of_esos_is_accepted_with_esos_default():
    read_settings([f"--{name}={value}" for name, value in OF_ESO.items()])
    known = {name.replace("_", "-") for name in Settings.model_fields} | WITHOUT_EFFECT.keys()
    assert OF_ESO.keys() <= known
    assert WITHOUT_EFFECT.keys() <= OF_ESO.keys()


@pytest.mark.parametrize(
    "written", [["--enable-http2=true"], ["--enable-http2"], ["--client-qps=5"], ["--client-qps", "5"]]
)
def test_a_flag_without_effect_is_told_and_takes_nothing_else_along(written):
    (notice,) = notices([*written, "--concurrent=3"])
    assert notice.startswith(written[0].removeprefix("--").partition("=")[0] + ": ")
    assert read_settings([*written, "--concurrent=3"]).concurrent == 3


@pytest.mark.parametrize("flag", ["metrics-secure", "metrics-auth"])
def test_what_would_be_less_safe_than_asked_for_is_refused(flag):
    read_settings([f"--{flag}=false"])
    for written in (f"--{flag}", f"--{flag}=true"):
        with pytest.raises(WrongSettings, match=f"{flag}: /metrics is served without TLS"):
            read_settings([written])


def test_a_flag_that_nobody_knows_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        read_settings(["--enable-everything"])
    assert ended.value.code == 2
    assert "--enable-everything" in capsys.readouterr().err
