"""The webhook's flags, variables and file."""

from datetime import timedelta

import pytest

from injector.webhook.settings import read_settings
from kubecore.settings import WrongSettings

OWN = [
    "--agent-image=agent:1", "--certificate-secret=s", "--webhook-configuration=c", '--host-names=["h.ns.svc"]',
]  # fmt: skip


def test_flags_say_what_agents_are_made_of():
    flags = [
        "--mode=sidecar", '--agent-resources={"requests":{"cpu":"1m"}}', "--agent-volume-size=4Mi", "--agent-port=9999",
        "--agent-deadline=90s", "--agent-uid=7", "--platform-assigns-uids", "--agent-image-pull-policy=Always",
        '--agent-probe-command=["/probe"]', "--drain=1s",
    ]  # fmt: skip
    settings = read_settings([*OWN, *flags])
    options = settings.options(native=False)
    assert settings.drain == timedelta(seconds=1)
    assert options.image == "agent:1"
    assert options.resources == {"requests": {"cpu": "1m"}}
    assert (options.volume_size, options.volume_bytes) == ("4Mi", 4 * 2**20)
    assert (options.mode, options.native, options.port, options.deadline) == ("sidecar", False, 9999, 90)
    assert (options.uid, options.platform_assigns_uids, options.pull_policy) == (7, True, "Always")
    assert options.probe_command == ("/probe",)


@pytest.mark.parametrize(
    ("size", "count"), [("5", 5), ("2k", 2000), ("3M", 3_000_000), ("1Gi", 2**30), ("512Ki", 2**19)]
)
def test_a_size_is_a_quantity(size, count):
    assert read_settings([*OWN, f"--agent-volume-size={size}"]).options(native=True).volume_bytes == count


def test_a_variable_and_a_file_say_the_same(monkeypatch, tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("mode: init\nagent-port: 2000\n")
    monkeypatch.setenv("WEBHOOK_AGENT_PORT", "3000")
    settings = read_settings([*OWN, f"--config={file}"])
    assert (settings.mode, settings.agent_port) == ("init", 3000)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "agent-image: field required"),
        (["--agent-image=a"], "certificate-secret, webhook-configuration, host-names must be set, or else certificate-folder"),
        ([*OWN, "--mode=both"], "mode: input should be 'init', 'sidecar' or 'native'"),
        ([*OWN, "--agent-uid=0"], "agent-uid: input should be greater than or equal to 1"),
        ([*OWN, "--agent-port=80"], "agent-port: input should be greater than or equal to 1024"),
        ([*OWN, "--agent-volume-size=lots"], "agent-volume-size: string should match pattern"),
        ([*OWN, "--agent-deadline=0s"], "agent-deadline must be longer than 0"),
        ([*OWN, "--webhook-addr=here"], "webhook-addr: string should match pattern"),
        ([*OWN, "--agent-probe-command=[]"], "agent-probe-command: list should have at least 1 item"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_named(flags, message):
    with pytest.raises(WrongSettings) as raised:
        read_settings(flags)
    assert message in str(raised.value)


def test_a_certificate_of_somebody_elses_needs_no_place_for_own_ones(tmp_path):
    assert read_settings(["--agent-image=a", f"--certificate-folder={tmp_path}"]).certificate_folder == tmp_path
