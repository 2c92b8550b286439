"""PKCS#12 files that we write are read by others, files of others by us, and neither costs without bounds."""

import base64
import shutil
import subprocess
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from secretcore.template import TemplateError
from secretcore.template.golib import der, pfx
from secretcore.template.golib.pfx_crypto import PfxError
from secretcore.template.values import octets
from tests.secretcore.template.functions.rendering import evaluate, material, render

PASSWORDS = ["", "secret", "pässwörd ✓", "x" * 100]
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")


def made(call, password):
    return base64.b64decode(evaluate(call, {**material(), "pw": password}))


@pytest.mark.parametrize("password", PASSWORDS)
def test_cryptography_reads_what_we_write(password):
    data = material()
    key, certificate, others = load_key_and_certificates(
        made("fullPemToPkcs12Pass .c_chain .leaf_key .pw", password), password.encode()
    )
    assert key.public_key() == load_pem_private_key(data["leaf_key"].encode(), None).public_key()
    assert certificate == load_pem_x509_certificate(data["leaf_crt"].encode())
    assert len(others) == 2


@openssl
@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    ("call", "certificates", "keys"),
    [
        ("pemToPkcs12Pass .rsa_crt .rsa_key .pw", 1, 1),
        ("fullPemToPkcs12Pass .c_chain .leaf_key .pw", 3, 1),
        ("pemTruststoreToPKCS12Pass .c_chain .pw", 3, 0),
    ],
)
def test_openssl_reads_what_we_write(tmp_path, call, certificates, keys, password):
    file = tmp_path / "made.p12"
    file.write_bytes(made(call, password))
    command = ["openssl", "pkcs12", "-in", file, "-nodes", "-info", "-passin", f"pass:{password}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("BEGIN CERTIFICATE") == certificates
    assert done.stdout.count("BEGIN PRIVATE KEY") == keys
    assert "PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256" in done.stderr


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=30))
def test_we_read_what_we_write(password):
    key = der.sequence(der.number(0), der.sequence(), der.write(der.OCTETS, b"key"))
    made_file = pfx.encode(key, [b"\x30\x00", b"\x30\x01\x00"], password, bytes, lambda count: None)
    assert pfx.decode_chain(made_file, password, lambda count: None) == (key, b"\x30\x00", (b"\x30\x01\x00",))


@given(st.data())
def test_a_damaged_file_is_an_error_and_nothing_else(data):
    name = data.draw(st.sampled_from(["p_modern", "p_legacy", "p_empty", "p_mixed"]))
    raw = bytearray(octets(FILES[name]))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    spent = []

    def charge(count):
        spent.append(count)
        if sum(spent) > 100_000:
            raise TooDearError

    with suppress(PfxError, TooDearError):
        pfx.decode_chain(bytes(raw), "1234" if name in ("p_modern", "p_legacy") else "", charge)


class TooDearError(Exception):
    """The charge said no."""


FILES = material()


def with_iterations(count):
    """A file whose MAC takes so many iterations."""
    mac = der.sequence(
        der.sequence(der.sequence(der.oid("1.3.14.3.2.26")), der.write(der.OCTETS, b"x" * 20)),
        der.write(der.OCTETS, b"salt"),
        der.number(count),
    )
    safe = der.sequence(der.oid("1.2.840.113549.1.7.1"), der.write(der.CONTEXT0, der.write(der.OCTETS, der.sequence())))
    return der.sequence(der.number(3), safe, mac).decode("utf-8", "surrogateescape")


def test_a_file_that_asks_for_endless_work_is_refused_at_once():
    with pytest.raises(TemplateError, match="cost more than 64 units"):
        render("{{ pkcs12cert .f }}", {"f": with_iterations(2_000_000_000)})


def test_a_key_whose_check_would_take_seconds_is_refused_at_once():
    huge = der.sequence(der.number(0), *[der.number(1 << 20_000)] * 8)
    text = "-----BEGIN RSA PRIVATE KEY-----\n" + base64.b64encode(huge).decode() + "\n-----END RSA PRIVATE KEY-----\n"
    with pytest.raises(TemplateError, match="a private key of more than 8192 bits"):
        render('{{ genCAWithKey "x" 1 .k }}', {"k": text})


def test_a_document_larger_than_the_budget_is_refused():
    with pytest.raises(TemplateError, match="a document of more than"):
        render("{{ pkcs12cert .f }}", {"f": "x" * 1_100_000})
