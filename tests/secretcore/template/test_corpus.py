"""Templates of the operator's own example manifests render.

The manifests lie in `corpus/eso-manifests` of the folder that ESO_REFERENCE names, or of `shared` beside
the checkout; without them these tests are skipped. Their data is made up here: a fitting value for each key
that a template names.
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from secretcore.template import TemplateError, parse
from tests.secretcore.template.oracle import ROOT
from tests.secretcore.template.rendering import environment
from tests.secretcore.template.vectors import FOLDER

CORPUS = Path(os.environ.get("ESO_REFERENCE", ROOT.parent / "shared")) / "corpus" / "eso-manifests"
MANIFESTS = sorted(CORPUS.glob("*.yaml")) if CORPUS.exists() else []
REFUSED = {
    "pkcs12-template-v1-external-secret.yaml": r'function "pem\w+" not defined',
    "full-cluster-external-secret.yaml": "can't evaluate field user in type string",
}
"""Manifests that the operator refuses as well: functions of the engine before v2, data of another shape."""

pytestmark = pytest.mark.skipif(not MANIFESTS, reason=f"no manifests in {CORPUS}; set ESO_REFERENCE")


def documents(path: Path) -> Iterator[dict[str, Any]]:
    """What a file holds; its markers for the documentation's own templates are left out."""
    text = re.sub(r"\{% *(end)?raw *%\}", "", path.read_text())
    try:
        yield from (document for document in yaml.safe_load_all(text) if isinstance(document, dict))
    except yaml.YAMLError:
        # Some quote their templates in a way that YAML doesn't allow: the templates alone are tried.
        lines = re.findall(r'^ +[\w.-]+: "(\{\{.*\}\})"', text, re.MULTILINE)
        yield {"kind": "ExternalSecret", "spec": {str(number): line for number, line in enumerate(lines)}}


def templates(node: Any) -> Iterator[str]:
    """Every text in a manifest that is a template."""
    if isinstance(node, dict):
        for child in node.values():
            yield from templates(child)
    elif isinstance(node, list):
        for child in node:
            yield from templates(child)
    elif isinstance(node, str) and "{{" in node:
        yield node


def material(name: str, key: str) -> str:
    shared = json.loads((FOLDER / f"functions-{name}.json").read_text())["strings"]
    return str(shared[key])


def protected() -> str:
    """A PKCS#12 archive under the password that the manifest has."""
    key = serialization.load_pem_private_key(material("pkcs12", "leaf_p8").encode(), None)
    certificate = x509.load_pem_x509_certificate(material("pkcs12", "leaf_crt").encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    encryption = serialization.BestAvailableEncryption(b"my-password")
    archive = pkcs12.serialize_key_and_certificates(None, key, certificate, None, encryption)
    return archive.decode("utf-8", "surrogateescape")


def value_for(key: str, text: str) -> str:
    """A value that suits what the template does with this key."""
    if "pkcs12" in text:
        archive = protected() if "my-password" in text else material("pkcs12", "p_empty")
        encoded = base64.b64encode(archive.encode("utf-8", "surrogateescape")).decode()
        return encoded if "b64dec" in text else archive
    if "filterPEM" in text or "certSANs" in text:
        return material("pkcs12", "leaf_p8") + material("pem", "c_chain")
    if "jwk" in text:
        return material("jwk", "jwk_p256pub" if "Public" in text else "jwk_p256")
    if "rsaDecrypt" in text:
        return material("rsa", "rsa_key" if key == "privatekey" else "r_sha1")
    return '{"first": "a", "middle": "b", "last": "c"}' if "fromJson" in text else f"value-of-{key}"


def data_for(text: str) -> dict[str, str]:
    keys = re.findall(r"(?<![\w)])\.(\w+)", text) + re.findall(r'index \. "([^"]+)"', text)
    return {key: value_for(key, text) for key in keys} or {"user": "pw", "other": "pw"}


@pytest.mark.parametrize("path", MANIFESTS, ids=[path.name for path in MANIFESTS])
def test_templates_of_the_manifest_render(path):
    for document in documents(path):
        if document.get("kind", "").endswith("SecretStore"):
            continue  # the webhook provider's templates have data of another shape
        for text in templates(document):
            if path.name in REFUSED:
                with pytest.raises(TemplateError, match=REFUSED[path.name]):
                    parse("k", text).render(data_for(text), environment())
            else:
                assert "<no value>" not in parse("k", text).render(data_for(text), environment())


def test_the_manifests_hold_templates():
    assert sum(len(list(templates(document))) for path in MANIFESTS for document in documents(path)) >= 60
