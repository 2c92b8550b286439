"""The agent image does a whole job: in a pod's place it writes a secret of a real OpenBao to the pod's tmpfs."""

import os
import signal
import subprocess

import pytest

from injector.handoff import CREDENTIALS_FOLDER, HANDOFF_FOLDER
from tests.injector.agent.agents import LIMIT, Pod, vault_store
from tests.injector.agent.backend import external_secret
from tests.injector.agent.test_files import seen
from tests.support.image_process import inside, program_of

pytestmark = pytest.mark.server

TOKEN = {"tokenSecretRef": {"name": "vault", "key": "token"}}
OWNERS = pytest.mark.parametrize("owner", ["65532:65532", "12345:12345"], ids=["the image's user", "the app's user"])


class PodOfTheImage(Pod):
    """Its agents are the image's entry point, and find everything where a pod has it."""

    image, owner = None, ""

    def start(self, *mode):
        folders = {HANDOFF_FOLDER: self.handoff.folder, CREDENTIALS_FOLDER: self.credentials.folder}
        argv = inside(self.image, "agent", *mode, mounts=folders, writable={"/secrets": self.volume}, user=self.owner)
        with self.log.open("ab") as log:
            process = subprocess.Popen(argv, stdout=log, stderr=log)
        self.running.append(process)
        return process


@pytest.fixture
def volume(tmp_path):
    """An emptyDir of medium Memory."""
    made = tmp_path / "volume"
    made.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0777", "tmpfs", made], check=True)
    yield made
    subprocess.run(["umount", "--lazy", made], check=True)


@pytest.fixture
def pod(images, tmp_path, volume, openbao):
    """With a token for the server, and two keys in it."""
    openbao.put_kv("secret", "image", {"user": "app", "password": "one"})
    made = PodOfTheImage(tmp_path, volume)
    made.image = images["agent"]
    made.credentials.write(secrets__vault__token=openbao.token)
    yield made
    made.stop()


@OWNERS
def test_the_agent_image_delivers_once(pod, openbao, volume, owner):
    pod.owner = owner
    pod.hand_over(external_secret("image"), store=vault_store(openbao.url, TOKEN))
    assert pod.run("--once") == 0, pod.log.read_text()
    assert seen(volume) == {"image/user": b"app", "image/password": b"one"}
    written = (volume / "image" / "password").stat()
    assert (written.st_uid, oct(written.st_mode)) == (int(owner.partition(":")[0]), "0o100444")


def test_the_agent_image_keeps_it_fresh_answers_probes_and_ends_when_asked(pod, openbao):
    pod.hand_over(external_secret("image", refreshInterval="200ms"), store=vault_store(openbao.url, TOKEN))
    agent = pod.start("--refresh")
    pod.until(lambda: pod.status("/readyz") == 200)
    openbao.put_kv("secret", "image", {"user": "app", "password": "two"})
    pod.until_seen("image/password", b"two")
    assert pod.run("--probe", "ready") == 0, pod.log.read_text()
    os.kill(program_of(agent.pid), signal.SIGTERM)
    assert agent.wait(LIMIT) == 0, pod.log.read_text()
