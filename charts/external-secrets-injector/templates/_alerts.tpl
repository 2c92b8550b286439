{{/*
The alerts of the controller. `$of` chooses the series of this release: its namespace and its metrics Service, as a
ServiceMonitor labels them. What the braces of Prometheus hold is written as a string, so that Helm leaves it alone.
*/}}
{{- define "injector.alerts" -}}
{{- if .Values.createOperator -}}
{{- $service := include "injector.suffixed" (list . "metrics") -}}
{{- $of := printf `namespace="%s",service="%s"` (include "injector.namespace" .) $service -}}
{{- $mine := printf `service="%s"` $service -}}
- alert: ExternalSecretNotReady
  expr: max by (namespace, name) (externalsecret_status_condition{ {{ $mine }},condition="Ready",status="False"}) == 1
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ "ExternalSecret {{ $labels.namespace }}/{{ $labels.name }} is not ready" | quote }}
    description: Its Secret is as it was at the last success. The condition Ready says what failed and what to do.
- alert: SecretStoreNotReady
  expr: >-
    max by (namespace, name) (secretstore_status_condition{ {{ $mine }},condition="Ready",status="False"}
    or clustersecretstore_status_condition{ {{ $mine }},condition="Ready",status="False"}) == 1
  for: 10m
  labels:
    severity: warning
  annotations:
    summary: {{ "store {{ $labels.namespace }}/{{ $labels.name }} is not ready" | quote }}
    description: Nothing is refreshed from it. The condition Ready of the store says why; a store of no namespace is a ClusterSecretStore.
- alert: ExternalSecretsControllerAbsent
  expr: absent(controller_runtime_max_concurrent_reconciles{ {{ $of }}})
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: no controller of external secrets answers
    description: Secrets stay as they are; nothing is refreshed, and new ExternalSecrets get no Secret.
{{- if .Values.leaderElect }}
- alert: ExternalSecretsWithoutLeader
  expr: max(leader_election_master_status{ {{ $of }}}) == 0
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: no replica of the controller holds the lease
    description: Nobody works. The log of a replica says why it can't take the Lease.
{{- end }}
- alert: ExternalSecretsOtherController
  expr: sum(increase(externalsecret_other_controller_writes_total{ {{ $of }}}[30m])) > 0
  labels:
    severity: warning
  annotations:
    summary: the External Secrets Operator works on what this controller works on
    description: Both at once undo each other's work. Stop one; events with the reason OtherController say where it was seen.
- alert: ExternalSecretsRefreshLate
  expr: max by (name) (workqueue_overdue_seconds{ {{ $of }}}) > 300
  for: 10m
  labels:
    severity: warning
  annotations:
    summary: {{ "the queue {{ $labels.name }} is {{ $value | humanizeDuration }} behind" | quote }}
    description: More is due than is worked off. Raise `concurrent`, lengthen refreshInterval, or see which store is slow.
- alert: ExternalSecretsReconcileErrors
  expr: >-
    sum by (controller) (rate(controller_runtime_reconcile_errors_total{ {{ $of }}}[15m]))
    / (sum by (controller) (rate(controller_runtime_reconcile_total{ {{ $of }}}[15m])) > 0) > 0.25
  for: 30m
  labels:
    severity: warning
  annotations:
    summary: {{ "{{ $value | humanizePercentage }} of the reconciles of {{ $labels.controller }} fail" | quote }}
    description: The log has one line per failure; conditions say what to do.
- alert: ExternalSecretsReconcileBroke
  expr: sum by (controller) (increase(controller_runtime_reconcile_panics_total{ {{ $of }}}[15m])) > 0
  labels:
    severity: warning
  annotations:
    summary: {{ "a reconcile of {{ $labels.controller }} broke" | quote }}
    description: A defect of the controller. The log has a traceback (level error); please report it.
- alert: ExternalSecretsApiServerErrors
  expr: >-
    sum by (host) (rate(rest_client_requests_total{ {{ $of }},code=~"5..|<error>"}[10m]))
    / sum by (host) (rate(rest_client_requests_total{ {{ $of }}}[10m])) > 0.1
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ "{{ $value | humanizePercentage }} of the controller's requests to the API server fail" | quote }}
    description: The API server or the way to it is in trouble.
- alert: ExternalSecretsProviderErrors
  expr: >-
    sum by (provider, call) (rate(externalsecret_provider_api_calls_count{ {{ $of }},status="error"}[15m]))
    / (sum by (provider, call) (rate(externalsecret_provider_api_calls_count{ {{ $of }}}[15m])) > 0) > 0.5
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: {{ "{{ $value | humanizePercentage }} of the calls {{ $labels.call }} of {{ $labels.provider }} fail" | quote }}
    description: The backend is in trouble, or those who log in lack rights. The conditions of its stores say which.
{{- end -}}
{{- end -}}
