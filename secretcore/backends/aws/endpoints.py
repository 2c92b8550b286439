"""Where an AWS service answers: by region and partition, or where the environment says. Pure.

`session` and `secrets_manager` send to what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from secretcore.errors import Malformed

_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "eu-isof-": "csp.hci.ic.gov",
}
"""Partitions with a domain of their own, by the beginning of their regions; all others are under amazonaws.com."""


def is_region(name: str) -> bool:
    """Whether this can be a region: one label of a host name, so that it can't lead to another host."""
    return _REGION.fullmatch(name) is not None


def endpoint(service: str, region: str, environment: Mapping[str, str]) -> str:
    """The URL of a service, ending in a slash. `AWS_<SERVICE>_ENDPOINT` in the environment overrides it.

    Raises `Malformed` when the environment holds no usable URL.
    """
    variable = f"AWS_{service.upper()}_ENDPOINT"
    if override := environment.get(variable, ""):
        return _checked(override, variable)
    suffix = next((domain for start, domain in _SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"https://{service}.{region}.{suffix}/"


def _checked(url: str, variable: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise Malformed(
            f"{variable} is not a URL of http or https without user, query and fragment",
            remedy=f"correct or unset {variable}",
        )
    return url.rstrip("/") + "/"
