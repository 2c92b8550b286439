"""Templates rendered for the function tests, and the PEM texts and files that they share with the vectors."""

import json
import random
from collections.abc import Mapping

from secretcore.template import Budget, Environment, TemplateError, parse
from tests.secretcore.template.oracle import ROOT
from tests.secretcore.template.rendering import NOW

VECTORS = ROOT / "tests" / "vectors" / "template"


def material() -> dict[str, str]:
    """Certificates, keys and PKCS#12 files by name: leaf_crt, leaf_key, c_chain, rsa_key, p_legacy, ..."""
    found: dict[str, str] = {}
    for group in ("pem", "pkcs12", "jwk", "rsa", "certificates"):
        found |= json.loads((VECTORS / f"functions-{group}.json").read_text())["strings"]
    return found


def render(text: str, data: Mapping[str, str] | None = None, *, budget: Budget | None = None, seed: int = 1) -> str:
    environment = Environment(NOW, random.Random(seed), budget or Budget())
    return parse("k", text).render(dict(data or {}), environment)


def evaluate(call: str, data: Mapping[str, str] | None = None, *, budget: Budget | None = None) -> str:
    """Render a template that is this one call."""
    return render("{{ " + call + " }}", data, budget=budget)


def failure(text: str, data: Mapping[str, str], *, budget: Budget | None = None) -> TemplateError | None:
    """How rendering fails; None if it doesn't."""
    try:
        render(text, data, budget=budget)
    except TemplateError as error:
        return error
    return None
