{{/* Names and labels. A name is never longer than 63 characters, its suffix included, which is never cut. */}}

{{- define "injector.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "injector.base" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end -}}

{{- define "injector.fullname" -}}
{{- include "injector.base" . | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* (list $ "suffix") → fullname-suffix */}}
{{- define "injector.suffixed" -}}
{{- $suffix := index . 1 -}}
{{- $room := sub 62 (len $suffix) | int -}}
{{- printf "%s-%s" (include "injector.base" (index . 0) | trunc $room | trimSuffix "-") $suffix -}}
{{- end -}}

{{- define "injector.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "injector.serviceAccountName" -}}
{{- default (ternary (include "injector.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "injector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "injector.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "injector.ownLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "injector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
{{- end -}}

{{/* (list $ labels) → all labels of an object that has some of its own. The chart's go before: selectors need them. */}}
{{- define "injector.labelsWith" -}}
{{- $top := index . 0 -}}
{{- merge (include "injector.ownLabels" $top | fromYaml) (index . 1) $top.Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "injector.labels" -}}
{{- include "injector.labelsWith" (list . dict) -}}
{{- end -}}

{{- define "injector.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* "true" where the controller gets a Role in one namespace instead of a ClusterRole. */}}
{{- define "injector.scoped" -}}
{{- if .Values.scopedRBAC -}}
{{- if not .Values.scopedNamespace -}}
{{- fail "scopedRBAC: scopedNamespace must name the namespace that the Role is for" -}}
{{- end -}}
true
{{- end -}}
{{- end -}}

{{/* (list $ "suffix") → the names and labels of an object that lives in the chart's namespace. */}}
{{- define "injector.metadata" -}}
{{- $top := index . 0 -}}
name: {{ if index . 1 }}{{ include "injector.suffixed" . }}{{ else }}{{ include "injector.fullname" $top }}{{ end }}
namespace: {{ include "injector.namespace" $top }}
labels:
  {{- include "injector.labels" $top | nindent 2 }}
{{- end -}}
