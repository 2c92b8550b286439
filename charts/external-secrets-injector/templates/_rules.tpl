{{/* What the controller may do where it serves ExternalSecrets: exactly what it does. */}}
{{- define "injector.rules" -}}
- apiGroups: ["external-secrets.io"]
  resources: ["externalsecrets", "secretstores"]
  verbs: ["get", "list", "watch"]
# A patch releases the finalizers that the External Secrets Operator left, that of a store when no PushSecret needs it.
- apiGroups: ["external-secrets.io"]
  resources: ["externalsecrets", "externalsecrets/status", "secretstores", "secretstores/status"]
  verbs: ["patch"]
- apiGroups: ["external-secrets.io"]
  resources: ["pushsecrets"]
  verbs: ["list"]
{{- if .Values.openshiftFinalizers }}
- apiGroups: ["external-secrets.io"]
  resources: ["externalsecrets/finalizers"]
  verbs: ["update"]
{{- end }}
- apiGroups: [""]
  resources: ["secrets"]
  verbs: ["get", "list", "watch", "create", "update", "delete"]
# Templates and CAs; watched, so that a changed template is rendered at once.
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["get", "list", "watch"]
{{- if .Values.rbac.serviceAccountTokenCreate }}
- apiGroups: [""]
  resources: ["serviceaccounts/token"]
  verbs: ["create"]
{{- end }}
- apiGroups: [""]
  resources: ["events"]
  verbs: ["create", "patch"]
{{- end -}}

{{/* And what is in no namespace. */}}
{{- define "injector.clusterRules" -}}
{{- if .Values.processClusterStore -}}
- apiGroups: ["external-secrets.io"]
  resources: ["clustersecretstores"]
  verbs: ["get", "list", "watch"]
- apiGroups: ["external-secrets.io"]
  resources: ["clustersecretstores", "clustersecretstores/status"]
  verbs: ["patch"]
# The conditions of ClusterSecretStores ask for the labels of namespaces.
- apiGroups: [""]
  resources: ["namespaces"]
  verbs: ["get"]
{{- end -}}
{{- end -}}

{{/* (list $ "kind" "role's name") → roleRef and subjects of a binding to the controller's ServiceAccount. */}}
{{- define "injector.binding" -}}
{{- $top := index . 0 -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ include "injector.serviceAccountName" $top }}
    namespace: {{ include "injector.namespace" $top }}
{{- end -}}
