"""Our CustomResourceDefinitions on a control plane, as a person installs them."""

from functools import partial

import httpx

from tests.support.controlplane import ControlPlane
from tests.support.paths import ROOT

CRDS = ROOT / "crds"


def install_crds(control_plane: ControlPlane) -> None:
    """Apply `crds/` on the server's side and wait until the API answers for every kind."""
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    control_plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS))
    with control_plane.client() as client:
        for file in CRDS.iterdir():
            # Established comes first; until a kind's storage is ready, the server answers 429.
            url = f"/apis/external-secrets.io/v1/{file.stem.partition('_')[2]}"
            control_plane.apiserver.wait_until(partial(_answers, client, url))


def _answers(client: httpx.Client, url: str) -> bool:
    return client.get(url).is_success
