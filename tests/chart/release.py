"""A release of the chart on the real API server, without Helm's own bookkeeping, and what its ServiceAccount may do."""

import yaml

from tests.chart.helm import one, rendered

LEASE = "external-secrets-controller"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")


class Release:
    """What the chart renders for a namespace, applied; `remove` takes all of it away except CRDs."""

    def __init__(self, cluster, namespace, values):
        self.cluster = cluster
        self.namespace = namespace
        # A release's name is in the names of its ClusterRoles, which are shared by all tests.
        self.release = namespace[:40].strip("-")
        manifests = rendered(values, name=self.release, namespace=namespace)
        self.kept = [each for each in manifests if each["kind"] != "CustomResourceDefinition"]
        self.deployment = one(manifests, "Deployment")
        self.account = self.deployment["spec"]["template"]["spec"]["serviceAccountName"]
        apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
        cluster.kubectl(*apply, stdin=yaml.safe_dump_all(manifests))

    def remove(self):
        self.cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=yaml.safe_dump_all(self.kept))

    def in_force(self, namespace=""):
        """Returns when the API server judges by all of it: it learns of rules and bindings a moment after they are made."""
        for group, resource in (("external-secrets.io", "externalsecrets"), ("coordination.k8s.io", "leases")):
            attributes = {"group": group, "resource": resource, "verb": "get", "name": LEASE}
            attributes["namespace"] = namespace or self.namespace
            self.cluster.apiserver.wait_until(lambda attributes=attributes: self.may(**attributes))

    def grant_lease(self, namespace):
        """The chart's rights to the lease, for a lease in another namespace."""
        kinds = {"Role": "roles", "RoleBinding": "rolebindings"}
        for manifest in self.kept:
            if manifest["kind"] in kinds and manifest["metadata"]["namespace"] == self.namespace:
                copy = manifest | {"metadata": manifest["metadata"] | {"namespace": namespace}}
                path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
                self.cluster.request("POST", f"{path}/{kinds[manifest['kind']]}", copy)
        self.in_force(namespace)

    def kubeconfig(self, folder):
        """A file for clients that are the release's ServiceAccount."""
        token = self.cluster.service_account_token(self.namespace, self.account)
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(self.cluster.kubeconfig_for(token)))
        return path

    def allowed(self, resource, namespace, name=""):
        """The verbs that RBAC allows the ServiceAccount. `resource` is `group/plural/subresource`, the last one
        optional.
        """
        group, plural, subresource = [*resource.split("/"), ""][:3]
        attributes = {
            "group": group, "resource": plural, "subresource": subresource, "namespace": namespace, "name": name,
        }  # fmt: skip
        with self.cluster.client() as client:
            return {verb for verb in VERBS if self._may(client, {**attributes, "verb": verb})}

    def may(self, **attributes):
        """Whether RBAC allows it the ServiceAccount."""
        with self.cluster.client() as client:
            return self._may(client, attributes)

    def _may(self, client, attributes):
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated"]
        user = f"system:serviceaccount:{self.namespace}:{self.account}"
        return may(client, {"user": user, "groups": groups, "resourceAttributes": attributes})


def may(client, spec):
    """What the API server says to a SubjectAccessReview."""
    answer = client.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", json={"spec": spec})
    answer.raise_for_status()
    return answer.json()["status"]["allowed"]
