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

{{/* Those of the controller; those of any component are in _component.tpl. */}}
{{- define "injector.selectorLabels" -}}
{{- include "injector.component.selectorLabels" (dict "top" . "component" "controller") -}}
{{- end -}}

{{/* (list $ labels) → all labels of an object that has some of its own. */}}
{{- define "injector.labelsWith" -}}
{{- include "injector.component.labels" (dict "top" (index . 0) "component" "controller" "labels" (index . 1)) -}}
{{- end -}}

{{- define "injector.labels" -}}
{{- include "injector.component.labels" (dict "top" . "component" "controller") -}}
{{- end -}}

{{/* "true" where the controller gets a Role in one namespace instead of a ClusterRole. */}}
{{- define "injector.scoped" -}}
{{- if .Values.scopedRBAC -}}
true
{{- end -}}
{{- end -}}

{{/* The one namespace that is served; empty where all are. */}}
{{- define "injector.served" -}}
{{- default (ternary (include "injector.namespace" .) "" .Values.scopedRBAC) .Values.scopedNamespace -}}
{{- end -}}

{{/* The families of addresses of a Service. */}}
{{- define "injector.ipFamilies" -}}
{{- range $key := list "ipFamilyPolicy" "ipFamilies" -}}
{{- with index $.Values.service $key -}}
{{- dict $key . | toYaml | nindent 0 -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* (list $ "suffix") → the names and labels of an object that lives in the chart's namespace. */}}
{{- define "injector.metadata" -}}
{{- include "injector.component.metadata" (dict "top" (index . 0) "component" "controller" "suffix" (index . 1)) -}}
{{- end -}}
