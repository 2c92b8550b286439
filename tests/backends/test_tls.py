"""Client certificates that can't be used, as a store's Secrets may hold them."""

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from secretcore.backends.tls import TLS, context_for
from secretcore.errors import Malformed


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_client_key_is_said_and_nobody_is_asked_for_its_pass_phrase(authority, form):
    pair = authority.issue("encrypted@test")
    key = load_pem_private_key(pair.key_file.read_bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"swordfish"))
    with pytest.raises(Malformed, match="the client key is encrypted") as raised:
        context_for(TLS(certificate=pair.cert_file.read_bytes(), key=encrypted))
    assert "encrypted keys can't be used" in raised.value.remedy
