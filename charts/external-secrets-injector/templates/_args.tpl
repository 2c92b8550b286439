{{/* The flags of `python -m controller`: what is left at its default is left out. */}}
{{- define "injector.args" -}}
- --metrics-addr=:{{ .Values.metrics.listen.port }}
- --live-addr=:{{ .Values.live.port }}
- --loglevel={{ .Values.log.level }}
- --zap-time-encoding={{ .Values.log.timeEncoding }}
- --concurrent={{ .Values.concurrent }}
{{- with .Values.storeRequeueInterval }}
- --store-requeue-interval={{ . }}
{{- end }}
{{- if .Values.extendedMetricLabels }}
- --enable-extended-metric-labels=true
{{- end }}
{{- if .Values.leaderElect }}
- --enable-leader-election=true
- --leader-election-id={{ include "injector.leaderElectionID" . }}
- --leader-election-namespace={{ include "injector.namespace" . }}
{{- with .Values.leaderElectionLeaseDuration }}
- --leader-election-lease-duration={{ . }}
{{- end }}
{{- with .Values.leaderElectionRenewDeadline }}
- --leader-election-renew-deadline={{ . }}
{{- end }}
{{- with .Values.leaderElectionRetryPeriod }}
- --leader-election-retry-period={{ . }}
{{- end }}
{{- end }}
{{- with include "injector.served" . }}
- --namespace={{ . }}
{{- end }}
{{- with .Values.controllerClass }}
- --controller-class={{ . }}
{{- end }}
{{- if not .Values.processSecretStore }}
- --enable-secret-store-reconciler=false
{{- end }}
{{- if or (include "injector.scoped" .) (not .Values.processClusterStore) }}
- --enable-cluster-store-reconciler=false
{{- end }}
{{- if not .Values.lendIdentity }}
- --lend-identity=false
{{- end }}
{{- range $flag, $value := .Values.extraArgs }}
- {{ printf "--%s=%v" $flag $value | quote }}
{{- end }}
{{- end -}}

{{- define "injector.leaderElectionID" -}}
{{- default "external-secrets-controller" .Values.leaderElectionID -}}
{{- end -}}
