"""Generated keys and certificates, read by `cryptography`: names, times, extensions, signatures."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from secretcore.template import Budget
from tests.secretcore.template.functions.rendering import evaluate, material, render
from tests.secretcore.template.rendering import NOW

SEPARATOR = "=====\n"
PAIR = f"{{{{ $c.Cert }}}}{SEPARATOR}{{{{ $c.Key }}}}"


def pair(call, data=None):
    """Certificate and key that a call gives."""
    cert, _, key = render(f"{{{{ $c := {call} }}}}{PAIR}", data).partition(SEPARATOR)
    return x509.load_pem_x509_certificate(cert.encode()), load_pem_private_key(key.encode(), None)


@pytest.mark.parametrize(
    ("kind", "of", "size", "heading"),
    [
        ("rsa", rsa.RSAPrivateKey, 4096, "RSA PRIVATE KEY"),
        ("", rsa.RSAPrivateKey, 4096, "RSA PRIVATE KEY"),
        ("dsa", dsa.DSAPrivateKey, 2048, "DSA PRIVATE KEY"),
        ("ecdsa", ec.EllipticCurvePrivateKey, 256, "EC PRIVATE KEY"),
        ("ed25519", ed25519.Ed25519PrivateKey, None, "PRIVATE KEY"),
    ],
)
def test_private_keys_have_type_size_and_heading(kind, of, size, heading):
    text = render(f'{{{{ genPrivateKey "{kind}" }}}}')
    assert text.startswith(f"-----BEGIN {heading}-----\n")
    key = load_pem_private_key(text.encode(), None)
    assert isinstance(key, of)
    assert getattr(key, "key_size", None) == size


def test_a_ca_is_one_for_its_days():
    certificate, key = pair('genCA "the ca" 30')
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=the ca"
    assert certificate.not_valid_before_utc == NOW
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=None)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature, usage.key_encipherment) == (True, True, True)
    certificate.verify_directly_issued_by(certificate)


def test_a_signed_certificate_is_verified_by_its_ca_and_names_what_was_asked():
    data = material()
    template = (
        '{{ $ca := genCAWithKey "ca" 10 .leaf_key }}'
        '{{ $ips := list "10.0.0.1" "::1" "::ffff:1.2.3.4" }}'
        '{{ $c := genSignedCertWithKey "x" $ips (list "a.example" "*.b") 5 $ca .ed_p8 }}'
        f"{{{{ $ca.Cert }}}}{SEPARATOR}{{{{ $c.Cert }}}}"
    )
    ca, _, cert = render(template, data).partition(SEPARATOR)
    authority = x509.load_pem_x509_certificate(ca.encode())
    certificate = x509.load_pem_x509_certificate(cert.encode())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example", "*.b"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1", "::1", "1.2.3.4"]
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert named.key_identifier == identifier


def test_a_self_signed_certificate_is_no_ca():
    certificate, key = pair('genSelfSignedCert "x" nil (list "a") 1')
    assert certificate.public_key() == key.public_key()
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(certificate)


@pytest.mark.parametrize("name", ["leaf_key", "leaf_p8", "rsa_key", "rsa_p8", "ed_p8"])
def test_given_keys_are_used(name):
    data = material()
    certificate, key = pair(f'genCAWithKey "x" 1 .{name}', data)
    assert certificate.public_key() == key.public_key()
    assert key.public_key() == load_pem_private_key(data[name].encode(), None).public_key()


def test_serial_numbers_come_from_the_environment():
    data = material()
    text = '{{ (genCAWithKey "x" 1 .ed_p8).Cert }}'
    assert render(text, data, seed=1) == render(text, data, seed=1)
    assert render(text, data, seed=1) != render(text, data, seed=2)


def test_a_certificate_that_the_key_did_not_make_is_refused():
    data = material()
    text = (
        "{{ $c := buildCustomCert (b64enc .leaf_crt) (b64enc .ed_p8) }}"
        "{{ genSignedCertWithKey `x` nil nil 1 $c .ed_p8 }}"
    )
    with pytest.raises(Exception, match="provided PrivateKey doesn't match parent's PublicKey"):
        render(text, data)


def test_every_native_function_is_charged():
    data = material()
    none = Budget(native=0)
    for call in (
        'genPrivateKey "rsa"', 'genPrivateKey "dsa"', 'genPrivateKey "ecdsa"', 'genPrivateKey "ed25519"',
        'genCA "x" 1', 'genCAWithKey "x" 1 .leaf_key', 'genSelfSignedCert "x" nil nil 1',
        'bcrypt "x"', 'htpasswd "u" "p" "bcrypt"', 'derivePassword 1 "long" "a" "b" "c"',
        "pkcs12cert .p_empty", "pkcs12key .p_empty", "pemToPkcs12 .leaf_crt .leaf_key", "certSANs .leaf_crt",
        "fullPemToPkcs12 .c_chain .leaf_key", "pemTruststoreToPKCS12 .leaf_crt",
        "jwkPublicKeyPem .jwk_p256pub",
        'filterCertChain "leaf" .c_chain', 'rsaDecrypt "RSA-OAEP" "SHA1" .r_sha1 .rsa_key',
    ):  # fmt: skip
        with pytest.raises(Exception, match="cost more than 0 units"):
            evaluate(call, data, budget=none)
