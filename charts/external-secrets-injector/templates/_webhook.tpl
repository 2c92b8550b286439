{{/* The injector's webhook: its names, and what its container is given. */}}

{{- define "injector.webhook.name" -}}
{{- include "injector.suffixed" (list . "webhook") -}}
{{- end -}}

{{/* The dict that the templates of _component.tpl take. The image is the controller's where nothing else is named. */}}
{{- define "injector.webhook.component" -}}
{{- $own := .Values.injector.webhook.image -}}
{{- $image := deepCopy .Values.image -}}
{{- if or $own.repository $own.tag $own.digest -}}
{{- range $key := list "tag" "digest" -}}
{{- $_ := set $image $key (index $own $key) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "registry" "repository" "pullPolicy" -}}
{{- with index $own $key -}}
{{- $_ := set $image $key . -}}
{{- end -}}
{{- end -}}
{{- $values := merge (dict "image" $image) (deepCopy .Values.injector.webhook) -}}
{{- if not (or $values.affinity .Values.global.affinity) -}}
{{- $mine := dict "labelSelector" (dict "matchLabels" (include "injector.component.selectorLabels" (dict "top" . "component" "webhook") | fromYaml)) "topologyKey" "kubernetes.io/hostname" -}}
{{- $_ := set $values "affinity" (dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list (dict "weight" 100 "podAffinityTerm" $mine)))) -}}
{{- end -}}
{{- dict "component" "webhook" "values" $values | toJson -}}
{{- end -}}

{{- define "injector.webhook.serviceAccountName" -}}
{{- $account := .Values.injector.webhook.serviceAccount -}}
{{- default (ternary (include "injector.webhook.name" .) "default" $account.create) $account.name -}}
{{- end -}}

{{- define "injector.webhook.certificateName" -}}
{{- include "injector.suffixed" (list . "webhook-certificate") -}}
{{- end -}}

{{/* Under which the API server reaches it, as a JSON list. */}}
{{- define "injector.webhook.hostNames" -}}
{{- $names := list -}}
{{- with .Values.injector.webhook.url -}}
{{- $names = append $names (index (splitList ":" (index (splitList "/" .) 2)) 0) -}}
{{- else -}}
{{- $names = append $names (printf "%s.%s.svc" (include "injector.webhook.name" .) (include "injector.namespace" .)) -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* REPOSITORY:TAG of the agent. global.repository is the controller's. */}}
{{- define "injector.agent.image" -}}
{{- $top := dict "Values" (dict "global" (omit .Values.global "repository")) "Chart" .Chart -}}
{{- include "injector.component.image" (dict "top" $top "values" .Values.injector.agent) -}}
{{- end -}}

{{- define "injector.agent.monitorName" -}}
{{- include "injector.suffixed" (list . "agent") -}}
{{- end -}}

{{/* "true" where uids are the platform's to choose. */}}
{{- define "injector.platformAssignsUIDs" -}}
{{- $chosen := toString .Values.injector.platformAssignsUIDs -}}
{{- if eq $chosen "auto" -}}
{{- .Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- else -}}
{{- $chosen -}}
{{- end -}}
{{- end -}}

{{- define "injector.webhook.args" -}}
{{- $it := .Values.injector -}}
- webhook
- --webhook-addr=:{{ $it.webhook.port }}
- --metrics-addr=:{{ $it.webhook.metrics.port }}
- --live-addr=:{{ $it.webhook.live.port }}
- --drain={{ $it.webhook.drain }}
- --loglevel={{ .Values.log.level }}
- --namespace={{ include "injector.namespace" . }}
{{- with .Values.controllerClass }}
- --controller-class={{ . }}
{{- end }}
- --mode={{ $it.mode }}
- --native-sidecars={{ $it.nativeSidecars }}
- --platform-assigns-uids={{ include "injector.platformAssignsUIDs" . }}
- --agent-image={{ include "injector.agent.image" . }}
- --agent-image-pull-policy={{ $it.agent.image.pullPolicy }}
- {{ printf "--agent-resources=%s" (toJson $it.agent.resources) | quote }}
- --agent-volume-size={{ $it.agent.volumeSize }}
- --agent-port={{ int $it.agent.port }}
- --agent-deadline={{ $it.agent.deadline }}
- --agent-uid={{ int64 $it.agent.uid }}
{{- with $it.agent.probeCommand }}
- {{ printf "--agent-probe-command=%s" (toJson .) | quote }}
{{- end }}
{{- if $it.certManager.enabled }}
- --certificate-folder=/certificate
{{- else }}
- --certificate-secret={{ include "injector.webhook.certificateName" . }}
- --webhook-configuration={{ include "injector.webhook.name" . }}
- {{ printf "--host-names=%s" (include "injector.webhook.hostNames" .) | quote }}
- --leader-election-id={{ include "injector.webhook.name" . }}
{{- end }}
{{- range $flag, $value := $it.webhook.extraArgs }}
- {{ printf "--%s=%v" $flag $value | quote }}
{{- end }}
{{- end -}}

{{- define "injector.webhook.container" -}}
{{- $it := .Values.injector.webhook -}}
name: webhook
# Arguments of the image's entry point, which knows where its Python is.
args:
  - injector
  {{- include "injector.webhook.args" . | nindent 2 }}
ports:
  - name: webhook
    containerPort: {{ $it.port }}
  - name: metrics
    containerPort: {{ $it.metrics.port }}
  - name: live
    containerPort: {{ $it.live.port }}
volumeMounts:
  {{- if .Values.injector.certManager.enabled }}
  - name: certificate
    mountPath: /certificate
    readOnly: true
  {{- end }}
  # Certificates are loaded from files.
  - name: tmp
    mountPath: /tmp
{{- range $probe, $path := dict "livenessProbe" "/healthz" "readinessProbe" "/readyz" "startupProbe" "/healthz" }}
{{- with include "injector.component.probe" (dict "top" $ "values" $it "port" "live" "probe" $probe "path" $path) }}
{{ $probe }}:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
