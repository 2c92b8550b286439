{{/* What the controller gives its container; _component.tpl adds what every container of the chart has. */}}
{{- define "injector.container" -}}
name: controller
# Arguments of the image's entry point, which knows where its Python is.
args:
  - controller
  {{- include "injector.args" . | nindent 2 }}
ports:
  - name: metrics
    containerPort: {{ .Values.metrics.listen.port }}
  - name: live
    containerPort: {{ .Values.live.port }}
{{- $it := dict "top" $ "values" .Values "port" "live" }}
{{- range $probe, $path := dict "livenessProbe" "/healthz" "readinessProbe" "/readyz" "startupProbe" "/healthz" }}
{{- with include "injector.component.probe" (merge (dict "probe" $probe "path" $path) $it) }}
{{ $probe }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
