"""The chart, rendered by Helm's own engine: values in, manifests out."""

from functools import cache

import yaml
from helm_python import Chart

from tests.support.paths import ROOT

FOLDER = ROOT / "charts" / "external-secrets-injector"

EVERYTHING = {
    "podDisruptionBudget": {"enabled": True},
    "networkPolicy": {"enabled": True},
    "metrics": {"service": {"enabled": True}},
    "serviceMonitor": {"enabled": True, "renderMode": "alwaysRender"},
    "prometheusRule": {"enabled": True, "renderMode": "alwaysRender"},
    "grafanaDashboard": {"enabled": True},
}


@cache
def chart():
    return Chart.load(FOLDER)


def rendered(values=None, *, name="demo", namespace="team"):
    """Every manifest, in the order of the templates' names."""
    texts = chart().render(values or {}, name=name, namespace=namespace)
    documents = (
        yaml.load_all(text, yaml.CSafeLoader) for path, text in sorted(texts.items()) if not path.endswith("NOTES.txt")
    )
    return [manifest for several in documents for manifest in several if manifest]


def notes(values=None):
    texts = chart().render(values or {}, name="demo", namespace="team")
    return next(text for path, text in texts.items() if path.endswith("NOTES.txt"))


def of_kind(manifests, kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def one(manifests, kind):
    (manifest,) = of_kind(manifests, kind)
    return manifest


def names(manifests):
    """`Kind/name`, sorted, without the CRDs."""
    return sorted(
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for manifest in manifests
        if manifest["kind"] != "CustomResourceDefinition"
    )


def flags(container, *program):
    """Its arguments, after those that name the program to the image's entry point."""
    assert tuple(container["args"][: len(program)]) == program
    return container["args"][len(program) :]


def container(values=None):
    (only,) = one(rendered(values), "Deployment")["spec"]["template"]["spec"]["containers"]
    return only
