{{- define "bridge.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "bridge.secret" -}}
{{ .Values.transportUrl.existingSecret | default (include "bridge.name" .) }}
{{- end }}

{{/* What selects the pods of a role. */}}
{{- define "bridge.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "bridge.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The settings file: what the chart sets, and over it what the values set. */}}
{{- define "bridge.settings" -}}
{{- $own := dict "listen" "0.0.0.0:13133" "drainTimeout" "30s" }}
{{- $_ := set $own "broker" (dict "transportUrlFile" (printf "/etc/osprofiler-otel-bridge/secret/%s" .Values.transportUrl.key)) }}
{{- $_ := set $own "log" (dict "format" "json") }}
{{- if .Values.sharding.enabled }}
{{- $_ := set $own "sharding" (dict "shards" "auto" "count" (int .Values.sharding.count) "queueType" .Values.sharding.queueType) }}
{{- end }}
{{- mergeOverwrite $own (deepCopy .Values.settings) | toYaml }}
{{- end }}
