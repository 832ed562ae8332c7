{{- define "quayrobot.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "quayrobot.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains (include "quayrobot.name" .) .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "quayrobot.name" .) | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "quayrobot.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{- define "quayrobot.account" -}}
{{- default (ternary (include "quayrobot.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "quayrobot.selector" -}}
app.kubernetes.io/name: {{ include "quayrobot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "quayrobot.labels" -}}
{{ include "quayrobot.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (replace "+" "_" .Chart.Version) }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "quayrobot.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* Metadata of an object whose manifest says "quay-robot-operator": the release's own names. */ -}}
{{- define "quayrobot.metadata" -}}
{{- $meta := deepCopy .object.metadata -}}
{{- $name := replace "quay-robot-operator" (include "quayrobot.fullname" .root) $meta.name -}}
{{- $_ := set $meta "name" $name -}}
{{- if hasKey $meta "namespace" -}}
{{- $_ := set $meta "namespace" (include "quayrobot.namespace" .root) -}}
{{- end -}}
{{- $labels := include "quayrobot.labels" .root | fromYaml -}}
{{- $_ := set $meta "labels" (merge $labels (default (dict) $meta.labels)) -}}
{{- toYaml $meta -}}
{{- end }}

{{- /* The operator's flags: those of the manifest, then those that values ask for. */ -}}
{{- define "quayrobot.args" -}}
{{- $root := .root -}}
{{- $args := list -}}
{{- range .args -}}
{{- if not (and $root.Values.tenants.refusedNetworks (hasPrefix "--tenant-refused-networks=" .)) -}}
{{- $args = append $args . -}}
{{- end -}}
{{- end -}}
{{- with $root.Values -}}
{{- $flags := dict "--cluster-id" .clusterId "--cluster-name" .clusterName "--log-format" .logFormat "--log-level" .logLevel "--namespaces" (join "," .namespaces) "--tenant-hosts" (join "," .tenants.hosts) "--tenant-refused-networks" (join "," .tenants.refusedNetworks) "--workers" .workers -}}
{{- range $flag := keys $flags | sortAlpha -}}
{{- with get $flags $flag -}}
{{- $args = append $args (printf "%s=%v" $flag .) -}}
{{- end -}}
{{- end -}}
{{- $args = concat $args .extraArgs -}}
{{- end -}}
{{- toYaml $args -}}
{{- end }}

{{- /* The spec of a pod that runs one command of the image, as the operator, and ends. */ -}}
{{- define "quayrobot.command" -}}
{{- $deployment := .root.Files.Get "files/manifests/deployment.yaml" | fromYaml -}}
{{- $spec := include "quayrobot.deployment" (dict "root" .root "object" $deployment) | fromYaml -}}
{{- $pod := omit $spec.template.spec "topologySpreadConstraints" -}}
{{- $container := omit (first $pod.containers) "livenessProbe" "readinessProbe" "ports" -}}
{{- $_ := set $container "args" .args -}}
{{- $_ := set $pod "containers" (list $container) -}}
{{- $_ := set $pod "restartPolicy" "Never" -}}
{{- toYaml $pod -}}
{{- end }}
