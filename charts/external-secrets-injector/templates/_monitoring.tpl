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

{{/* (the dict of _component.tpl + `suffix`, of the Service's name) → the ServiceMonitor of a component. */}}
{{- define "injector.monitoring.serviceMonitor" -}}
{{- $it := .top.Values.serviceMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "injector.suffixed" (list .top .suffix) }}
  {{- include "injector.monitoring.metadata" (merge (dict "values" $it) .) | nindent 2 }}
spec:
  namespaceSelector:
    matchNames: [{{ include "injector.namespace" .top | quote }}]
  selector:
    matchLabels:
      {{- include "injector.component.selectorLabels" . | nindent 6 }}
  {{- range $key := list "jobLabel" "targetLabels" "podTargetLabels" "sampleLimit" "labelLimit" }}
  {{- with index $it $key }}
  {{- dict $key . | toYaml | nindent 2 }}
  {{- end }}
  {{- end }}
  endpoints:
    - port: metrics
      path: /metrics
      interval: {{ $it.interval }}
      scrapeTimeout: {{ $it.scrapeTimeout }}
      honorLabels: {{ $it.honorLabels }}
      {{- range $key := list "scheme" "tlsConfig" "authorization" "metricRelabelings" "relabelings" }}
      {{- with index $it $key }}
      {{- dict $key . | toYaml | nindent 6 }}
      {{- end }}
      {{- end }}
{{- end -}}

{{/* (the dict + `values` of a monitor) → namespace, labels and annotations of an object of the Prometheus operator. */}}
{{- define "injector.monitoring.metadata" -}}
namespace: {{ default (include "injector.namespace" .top) .values.namespace }}
labels:
  {{- include "injector.component.labels" (merge (dict "labels" .values.additionalLabels) .) | nindent 2 }}
{{- with .values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
