{{/* The flags of `python -m controller`: what is left at its default is left out. */}}
{{- define "injector.args" -}}
- --metrics-addr=:{{ .Values.metrics.listen.port }}
- --live-addr=:{{ .Values.live.port }}
- --loglevel={{ .Values.log.level }}
- --concurrent={{ .Values.concurrent }}
- --store-requeue-interval={{ .Values.storeRequeueInterval }}
{{- if .Values.leaderElect }}
- --enable-leader-election=true
- --leader-election-id={{ .Values.leaderElectionID }}
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
{{- with .Values.scopedNamespace }}
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
