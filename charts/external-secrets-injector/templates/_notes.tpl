{{/* What NOTES.txt warns of. */}}

{{/* Images that no node can pull: those of the values, which nobody has published. */}}
{{- define "injector.notes.images" -}}
{{- $images := dict -}}
{{- if .Values.createOperator -}}
{{- $_ := set $images "image.repository" (include "injector.component.image" (dict "top" . "values" .Values)) -}}
{{- end -}}
{{- if .Values.injector.enabled -}}
{{- $webhook := include "injector.webhook.component" . | fromJson -}}
{{- $_ := set $images "injector.webhook.image.repository" (include "injector.component.image" (merge (dict "top" .) $webhook)) -}}
{{- $_ := set $images "injector.agent.image.repository" (include "injector.agent.image" .) -}}
{{- end -}}
{{- range $value, $image := $images -}}
{{- if hasPrefix "localhost/" $image }}
WARNING: no image is published yet, and {{ $image }} is one that a node has only where it was built.
Set {{ $value }} to yours (docs/images.md).
{{ end -}}
{{- end -}}
{{- end -}}

{{/* Whose the CustomResourceDefinitions are. `lookup` finds nothing where there is no cluster. */}}
{{- define "injector.notes.crds" -}}
{{- if .Values.installCRDs }}
The CustomResourceDefinitions belong to this release, and stay when it is uninstalled.
{{ else -}}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "externalsecrets.external-secrets.io" -}}
{{- $annotations := dig "metadata" "annotations" dict $crd -}}
{{- $owner := index $annotations "meta.helm.sh/release-name" -}}
{{- $home := index $annotations "meta.helm.sh/release-namespace" -}}
{{- if and $owner (or (ne $owner .Release.Name) (ne $home .Release.Namespace)) }}
WARNING: the CustomResourceDefinitions belong to release {{ $owner }} in namespace {{ $home }}, whose next upgrade decides
about them{{ if ne (index $annotations "helm.sh/resource-policy") "keep" }}, and which takes every ExternalSecret along when it is uninstalled{{ end }}. If a controller of its own
serves the same namespaces, stop it before this one starts (docs/migration.md).
{{ else if not $crd }}
The CustomResourceDefinitions are not part of this release. Apply them on the server's side, since they are too big
for the annotation that a plain `kubectl apply` makes:

    kubectl apply --server-side -f crds/
{{ else }}
The CustomResourceDefinitions are not part of this release, and are there.
{{ end -}}
{{- end -}}
{{- end -}}
