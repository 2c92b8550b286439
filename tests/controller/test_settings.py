"""Settings: a flag, a variable or a line of a file each."""

from datetime import timedelta

import pytest

from controller.settings import Settings, WrongSettings, read_settings


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "concurrent", 16),
        (["--concurrent=3"], "concurrent", 3),
        (["--concurrent", "3"], "concurrent", 3),
        (["--controller-class=dev"], "controller_class", "dev"),
        (["--store-requeue-interval=1m30s"], "store_requeue_interval", timedelta(seconds=90)),
        (["--enable-flood-gate=false"], "enable_flood_gate", False),
        (["--enable-leader-election"], "enable_leader_election", True),
        (["--enable-leader-election=true", "--concurrent=2"], "enable_leader_election", True),
        (["--metrics-addr=127.0.0.1:9"], "metrics_addr", "127.0.0.1:9"),
        (["--live-addr=[::1]:9"], "live_addr", "[::1]:9"),
        (["--metrics-addr=0"], "metrics_addr", "0"),
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


def test_settings_that_eso_has_are_named_as_eso_names_them():
    assert {
        "concurrent", "controller_class", "enable_cluster_store_reconciler", "enable_flood_gate", "enable_leader_election",
        "enable_secret_store_reconciler", "leader_election_id", "leader_election_lease_duration",
        "leader_election_renew_deadline", "leader_election_retry_period", "live_addr", "loglevel", "metrics_addr",
        "namespace", "store_requeue_interval",
    } <= set(Settings.model_fields)  # fmt: skip
