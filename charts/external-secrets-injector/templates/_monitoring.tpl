{{/* (list $ "kind" values) → "true" where an object of monitoring.coreos.com is wanted and, by renderMode, to be made. */}}
{{- define "injector.monitoring.wanted" -}}
{{- $top := index . 0 -}}
{{- $kind := index . 1 -}}
{{- $values := index . 2 -}}
{{- if $values.enabled -}}
{{- $there := $top.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" $kind) -}}
{{- if and (eq $values.renderMode "failIfMissing") (not $there) -}}
{{- fail (printf "the cluster has no kind %s: install the Prometheus operator, or set renderMode" $kind) -}}
{{- end -}}
{{- if or $there (eq $values.renderMode "alwaysRender") -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "injector.monitored" -}}
{{- include "injector.monitoring.wanted" (list . "ServiceMonitor" .Values.serviceMonitor) -}}
{{- end -}}
