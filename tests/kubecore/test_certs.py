"""Our own CA and serving certificate: trusted by real TLS, renewed in time, never a client left without
trust.
"""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from kubecore.certs import LIFE, OVERLAP, renewal_due, renewed

NOW = datetime(2026, 5, 1, tzinfo=UTC)
NAMES = ["webhook.team.svc", "webhook.team.svc.cluster.local"]


def handshake(certificates, bundle, tmp_path, name=NAMES[0]):
    """A real TLS handshake in memory between a server with `certificates` and a client that trusts
    `bundle`.
    """
    (tmp_path / "crt").write_text(certificates.certificate)
    (tmp_path / "key").write_text(certificates.key)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    client_context = ssl.create_default_context(cadata=bundle)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client.version()


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_trusts_the_bundle_accepts_the_certificate_for_each_name(tmp_path, name):
    today = datetime.now(UTC)
    made = renewed(None, NAMES, today)
    assert handshake(made, made.ca_bundle, tmp_path, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(made, made.ca_bundle, tmp_path, "other.team.svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(made, renewed(None, NAMES, today).ca_bundle, tmp_path)


def test_after_a_change_of_the_ca_old_and_new_certificates_are_trusted(tmp_path):
    today = datetime.now(UTC)
    kept = renewed(None, NAMES, today - timedelta(days=246))
    for day in range(246, 2, -1):
        kept = renewed(kept, NAMES, today - timedelta(days=day))
    published = renewed(kept, NAMES, today - timedelta(days=2))
    served = renewed(published, NAMES, today)
    assert (len(certificates_in(kept.ca_bundle)), len(certificates_in(published.ca_bundle))) == (1, 2)
    assert published.certificate == kept.certificate != served.certificate
    assert handshake(kept, published.ca_bundle, tmp_path) == "TLSv1.3"
    assert handshake(served, published.ca_bundle, tmp_path) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(served, kept.ca_bundle, tmp_path)


def certificates_in(bundle):
    return x509.load_pem_x509_certificates(bundle.encode())


def issuer(certificates):
    (certificate,) = certificates_in(certificates.certificate)
    return certificate.issuer


@settings(max_examples=30)
@given(st.lists(st.floats(0.01, 20), min_size=1, max_size=80))
def test_over_the_years_what_is_served_was_trusted_a_day_before_and_never_expires(days):
    """Renewal is looked at at least every 20 days; a client knows the bundle of a day ago."""
    now, kept = NOW, renewed(None, NAMES, NOW)
    published = [(now, kept.ca_bundle)]
    for step in days:
        now += timedelta(days=step)
        due = renewal_due(kept, now)
        after = renewed(kept, NAMES, now)
        assert (after is kept) == (due > now)
        if issuer(after) != issuer(kept):
            known_since = min(when for when, bundle in published if issuer(after) in subjects(bundle))
            assert now - known_since >= OVERLAP
        kept = after
        published.append((now, kept.ca_bundle))
        (certificate,) = certificates_in(kept.certificate)
        assert certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc
        assert issuer(kept) in subjects(kept.ca_bundle)
        assert len(certificates_in(kept.ca_bundle)) <= 4


def subjects(bundle):
    return [ca.subject for ca in certificates_in(bundle)]


def test_nothing_changes_before_two_thirds_of_a_life():
    kept = renewed(None, NAMES, NOW)
    assert renewed(kept, NAMES, NOW + LIFE * 0.6) is kept
    later = renewed(kept, NAMES, NOW + LIFE * 0.7)
    assert (later.ca_bundle, later.ca_key) == (kept.ca_bundle, kept.ca_key)
    assert later.certificate != kept.certificate
    assert later.key != kept.key


OTHER = renewed(None, NAMES, NOW)


@pytest.mark.parametrize(
    "damage",
    [
        {"certificate": ""},
        {"certificate": "nonsense"},
        {"key": ""},
        {"key": OTHER.key},
        {"ca_key": OTHER.ca_key},
        {"ca_bundle": OTHER.ca_bundle},
        {"ca_bundle": ""},
        {"certificate": OTHER.certificate, "key": OTHER.key},
    ],
    ids="+".join,
)
def test_what_does_not_belong_together_is_made_anew(damage):
    broken = replace(renewed(None, NAMES, NOW), **damage)
    made = renewed(broken, NAMES, NOW)
    assert made.ca_bundle not in (broken.ca_bundle, OTHER.ca_bundle)
    assert renewal_due(broken, NOW) == NOW
    assert renewed(made, NAMES, NOW) is made


def test_other_names_are_signed_by_the_ca_that_is_trusted_already(tmp_path):
    today = datetime.now(UTC)
    kept = renewed(None, NAMES, today)
    other = renewed(kept, ["other.team.svc"], today)
    assert (other.ca_bundle, other.ca_key) == (kept.ca_bundle, kept.ca_key)
    assert handshake(other, kept.ca_bundle, tmp_path, "other.team.svc") == "TLSv1.3"
    assert handshake(kept, other.ca_bundle, tmp_path) == "TLSv1.3"
    assert renewed(other, ["other.team.svc"], today) is other
    assert renewed(kept, list(reversed(NAMES)), today) is kept


def test_other_names_while_a_new_ca_waits_are_trusted_like_the_old(tmp_path):
    today = datetime.now(UTC)
    kept = renewed(None, NAMES, today - timedelta(days=246))
    for day in range(246, 2, -1):
        kept = renewed(kept, NAMES, today - timedelta(days=day))
    waiting = renewed(kept, NAMES, today - timedelta(days=2))
    other = renewed(waiting, ["other.team.svc"], today - timedelta(days=1.5))
    assert waiting.certificate == kept.certificate
    assert len(certificates_in(other.ca_bundle)) == 2
    assert handshake(other, other.ca_bundle, tmp_path, "other.team.svc") == "TLSv1.3"
    assert handshake(kept, other.ca_bundle, tmp_path) == "TLSv1.3"


def test_a_certificate_that_expired_is_replaced_by_the_ca_that_lives():
    kept = renewed(None, NAMES, NOW)
    made = renewed(kept, NAMES, NOW + LIFE)
    assert made.ca_bundle == kept.ca_bundle
    assert made.certificate != kept.certificate


@pytest.mark.parametrize("damage", [{"ca_key": OTHER.ca_key}, {"key": OTHER.key}])
def test_a_ca_without_its_key_is_trusted_as_long_as_what_it_signed_is_served(damage):
    kept = replace(renewed(None, NAMES, NOW), **damage)
    made = renewed(kept, NAMES, NOW)
    assert certificates_in(made.ca_bundle)[1:] == certificates_in(kept.ca_bundle)
    assert issuer(made) != issuer(kept)
    later = renewed(kept, NAMES, NOW + LIFE)
    assert len(certificates_in(later.ca_bundle)) == 1


def test_keys_are_not_in_the_repr():
    assert "PRIVATE" not in repr(renewed(None, NAMES, NOW))
