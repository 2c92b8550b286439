{{/* The alerts of the injector: of its webhook, chosen as those of the controller are, and of the agents in pods. */}}
{{- define "injector.alerts.injector" -}}
{{- if .Values.injector.enabled -}}
{{- $of := printf `namespace="%s",service="%s"` (include "injector.namespace" .) (include "injector.webhook.name" .) -}}
- alert: InjectorWebhookAbsent
  expr: absent(injector_certificate_expiry_timestamp_seconds{ {{ $of }}})
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: no webhook of the injector answers
    description: {{ ternary "Pods that opt in are not admitted" "Pods that opt in start without their secrets" (eq .Values.injector.webhook.failurePolicy "Fail") }}; others are. What runs goes on and is refreshed.
- alert: InjectorCertificateExpires
  expr: (injector_certificate_expiry_timestamp_seconds{ {{ $of }}} > 0) - time() < 3 * 86400
  for: 15m
  labels:
    severity: critical
  annotations:
    summary: {{ "the certificate of the webhook {{ $labels.pod }} expires in {{ $value | humanizeDuration }}" | quote }}
    description: It is renewed a month before. The log of the webhook, or cert-manager's Certificate, says why it was not.
- alert: InjectorAdmissionsFail
  expr: sum(increase(injector_admissions_total{ {{ $of }},result=~"failed|malformed"}[15m])) > 0
  labels:
    severity: warning
  annotations:
    summary: {{ "the webhook could not decide about {{ $value | humanize }} pods" | quote }}
    description: The API server was away, or it is a defect; the log of the webhook says which.
- alert: InjectorPodsRefused
  expr: sum(increase(injector_admissions_total{ {{ $of }},result="refused"}[15m])) > 0
  for: 30m
  labels:
    severity: warning
  annotations:
    summary: pods are refused again and again
    description: The events of their ReplicaSet or Job, and the log of the webhook, say for which sentence.
{{- if .Values.injector.agent.podMonitor.enabled }}
- alert: InjectorRefreshFails
  expr: max by (namespace, pod, external_secret) (injector_agent_refresh_failures) > 3
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ "ExternalSecret {{ $labels.external_secret }} is not refreshed in pod {{ $labels.namespace }}/{{ $labels.pod }}" | quote }}
    description: The files are as they were at the last success. injector_agent_last_error, and the log of the agent, say why.
- alert: InjectorFilesStale
  expr: max by (namespace, pod) (injector_agent_ready) == 0
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ "the agent of pod {{ $labels.namespace }}/{{ $labels.pod }} is not ready" | quote }}
    description: Its files are older than max-staleness allows, or were never written. Its log says why.
{{- end }}
{{- end -}}
{{- end -}}
