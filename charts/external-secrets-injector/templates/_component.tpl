{{/*
What every Deployment of this chart has, whichever its component. Each of these takes a dict:

  top        the root, $
  component  the value of app.kubernetes.io/component, such as "controller"
  values     the component's own values; the controller's are the chart's

What `values` leave empty, .Values.global gives where it has such a key.
*/}}

{{- define "injector.component.selectorLabels" -}}
app.kubernetes.io/name: {{ include "injector.name" .top }}
app.kubernetes.io/instance: {{ .top.Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* With `labels`, a map, those too. The chart's go before them: selectors need them. */}}
{{- define "injector.component.labels" -}}
{{- $chart := .top.Chart -}}
{{- $own := include "injector.component.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $chart.Name $chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- $_ := set $own "app.kubernetes.io/version" $chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .top.Release.Service -}}
{{- $_ := set $own "app.kubernetes.io/part-of" $chart.Name -}}
{{- merge $own (default dict .labels) .top.Values.commonLabels | toYaml -}}
{{- end -}}

{{/* Name (`name`, or with `suffix`, where there is one), namespace and labels of an object in the chart's namespace. */}}
{{- define "injector.component.metadata" -}}
name: {{ if .name }}{{ .name }}{{ else if .suffix }}{{ include "injector.suffixed" (list .top .suffix) }}{{ else }}{{ include "injector.fullname" .top }}{{ end }}
namespace: {{ include "injector.namespace" .top }}
labels:
  {{- include "injector.component.labels" . | nindent 2 }}
{{- end -}}

{{/* REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@DIGEST, of `values.image`. */}}
{{- define "injector.component.image" -}}
{{- $image := .values.image -}}
{{- $global := .top.Values.global -}}
{{- $repository := default $image.repository $global.repository -}}
{{- with default $global.imageRegistry $image.registry -}}
{{- $parts := splitList "/" $repository -}}
{{- $first := first $parts -}}
{{- if or (contains "." $first) (contains ":" $first) (eq $first "localhost") -}}
{{- $parts = rest $parts -}}
{{- end -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (join "/" $parts) -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .top.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* `context`, a security context of a pod or container, without what OpenShift chooses itself where it is the platform. */}}
{{- define "injector.component.securityContext" -}}
{{- $mode := .top.Values.global.compatibility.openshift.adaptSecurityContext -}}
{{- $openshift := .top.Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- $context := omit .context "enabled" -}}
{{- if or (eq $mode "force") (and (eq $mode "auto") $openshift) -}}
{{- $context = omit $context "fsGroup" "runAsUser" "runAsGroup" -}}
{{- end -}}
{{- if ne (toString .context.enabled) "false" -}}
{{- toYaml $context -}}
{{- end -}}
{{- end -}}

{{/* (the dict + `probe`: a name such as livenessProbe, `path`, `port`) → the probe, empty where it is off. */}}
{{- define "injector.component.probe" -}}
{{- $it := index .values .probe -}}
{{- if $it.enabled -}}
{{- range $key, $served := dict "address" "" "port" (.values.live.port | int) -}}
{{- if and (hasKey $it.spec $key) (ne (toString (index $it.spec $key)) (toString $served)) -}}
{{- fail (printf "%s.spec.%s: a probe asks where the health endpoints are served, and that is live.port" $.probe $key) -}}
{{- end -}}
{{- end -}}
{{- merge (omit $it.spec "address" "port") (dict "httpGet" (dict "path" .path "port" .port)) | toYaml -}}
{{- end -}}
{{- end -}}

{{/* (the dict + `container`: what its component gives it, such as name, command, args and ports) → the container. */}}
{{- define "injector.component.container" -}}
{{- $values := .values -}}
{{- $container := deepCopy .container -}}
{{- $_ := set $container "image" (include "injector.component.image" .) -}}
{{- $_ := set $container "imagePullPolicy" $values.image.pullPolicy -}}
{{- range $key, $extra := dict "env" $values.extraEnv "envFrom" $values.extraEnvFrom "volumeMounts" $values.extraVolumeMounts -}}
{{- with concat (default list (index $container $key)) (default list $extra) -}}
{{- $_ := set $container $key . -}}
{{- end -}}
{{- end -}}
{{- range $key := list "resources" "lifecycle" -}}
{{- with index $values $key -}}
{{- $_ := set $container $key . -}}
{{- end -}}
{{- end -}}
{{- with include "injector.component.securityContext" (dict "top" .top "context" (default dict $values.securityContext)) | fromYaml -}}
{{- $_ := set $container "securityContext" . -}}
{{- end -}}
{{- toYaml $container -}}
{{- end -}}

{{/* What the scheduler and the kubelet are told, by `values` or else by .Values.global. */}}
{{- define "injector.component.podSettings" -}}
{{- $it := . -}}
{{- $spec := dict -}}
{{- $keys := list "imagePullSecrets" "nodeSelector" "tolerations" "affinity" "hostAliases" "priorityClassName" "schedulerName" "runtimeClassName" "dnsPolicy" "dnsConfig" "hostNetwork" "terminationGracePeriodSeconds" -}}
{{- range $key := $keys -}}
{{- with default (index $it.top.Values.global $key) (index $it.values $key) -}}
{{- $_ := set $spec $key . -}}
{{- end -}}
{{- end -}}
{{- $spread := list -}}
{{- $mine := dict "matchLabels" (include "injector.component.selectorLabels" . | fromYaml) -}}
{{- range default .top.Values.global.topologySpreadConstraints .values.topologySpreadConstraints -}}
{{- $spread = append $spread (ternary . (set (deepCopy .) "labelSelector" $mine) (hasKey . "labelSelector")) -}}
{{- end -}}
{{- with $spread -}}
{{- $_ := set $spec "topologySpreadConstraints" . -}}
{{- end -}}
{{- if kindIs "bool" .values.hostUsers -}}
{{- $_ := set $spec "hostUsers" .values.hostUsers -}}
{{- end -}}
{{- with include "injector.component.securityContext" (dict "top" .top "context" (default dict .values.podSecurityContext)) | fromYaml -}}
{{- $_ := set $spec "securityContext" . -}}
{{- end -}}
{{- mergeOverwrite $spec (deepCopy (default dict .values.podSpecExtra)) | toYaml -}}
{{- end -}}

{{/*
(the dict + `container`, and where there are any `serviceAccountName`, `automount`, `volumes`, `annotations`) → the pod
template: metadata and spec.
*/}}
{{- define "injector.component.podTemplate" -}}
{{- $values := .values -}}
{{- $global := .top.Values.global -}}
{{- $annotations := merge (dict) (default dict .annotations) (default dict $values.podAnnotations) (default dict $global.podAnnotations) -}}
{{- $labels := merge (dict) (default dict $values.podLabels) (default dict $global.podLabels) -}}
{{- $metadata := dict "labels" (include "injector.component.labels" (merge (dict "labels" $labels) .) | fromYaml) -}}
{{- with $annotations -}}
{{- $_ := set $metadata "annotations" . -}}
{{- end -}}
{{- $spec := include "injector.component.podSettings" . | fromYaml -}}
{{- with .serviceAccountName -}}
{{- $_ := set $spec "serviceAccountName" . -}}
{{- end -}}
{{- if kindIs "bool" .automount -}}
{{- $_ := set $spec "automountServiceAccountToken" .automount -}}
{{- end -}}
{{- $main := include "injector.component.container" . | fromYaml -}}
{{- $_ := set $spec "containers" (prepend (default list $values.extraContainers) $main) -}}
{{- with $values.extraInitContainers -}}
{{- $_ := set $spec "initContainers" (tpl (toYaml .) $.top | fromYamlArray) -}}
{{- end -}}
{{- with concat (default list .volumes) (default list $values.extraVolumes) -}}
{{- $_ := set $spec "volumes" . -}}
{{- end -}}
{{- dict "metadata" $metadata "spec" $spec | toYaml -}}
{{- end -}}
