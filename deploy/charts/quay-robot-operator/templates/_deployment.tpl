{{- /* The Deployment of deploy/manifests, with what values say. */ -}}
{{- define "quayrobot.deployment" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $spec := deepCopy .object.spec -}}
{{- $selector := include "quayrobot.selector" $root | fromYaml -}}
{{- if kindIs "invalid" $values.replicas | not -}}
{{- $_ := set $spec "replicas" (int $values.replicas) -}}
{{- end -}}
{{- $_ := set $spec.selector "matchLabels" $selector -}}
{{- range $spec.template.spec.topologySpreadConstraints -}}
{{- $_ := set .labelSelector "matchLabels" $selector -}}
{{- end -}}
{{- $_ := set $spec.template.metadata "labels" (merge (deepCopy $selector) $values.podLabels $values.commonLabels) -}}
{{- with $values.podAnnotations -}}
{{- $_ := set $spec.template.metadata "annotations" . -}}
{{- end -}}
{{- if kindIs "invalid" $values.revisionHistoryLimit | not -}}
{{- $_ := set $spec "revisionHistoryLimit" (int $values.revisionHistoryLimit) -}}
{{- end -}}
{{- $pod := $spec.template.spec -}}
{{- with $values.terminationGracePeriodSeconds -}}
{{- $_ := set $pod "terminationGracePeriodSeconds" (int .) -}}
{{- end -}}
{{- $_ := set $pod "securityContext" (mergeOverwrite $pod.securityContext $values.podSecurityContext) -}}
{{- $_ := set $pod "serviceAccountName" (include "quayrobot.account" $root) -}}
{{- range $field := list "imagePullSecrets" "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "hostAliases" "dnsPolicy" "dnsConfig" -}}
{{- with get $values $field -}}
{{- $_ := set $pod $field . -}}
{{- end -}}
{{- end -}}
{{- $container := first $pod.containers -}}
{{- $_ := set $container "image" (include "quayrobot.image" $root) -}}
{{- with $values.image.pullPolicy -}}
{{- $_ := set $container "imagePullPolicy" . -}}
{{- end -}}
{{- with $values.resources -}}
{{- $_ := set $container "resources" . -}}
{{- end -}}
{{- $_ := set $container "args" (include "quayrobot.args" (dict "root" $root "args" $container.args) | fromYamlArray) -}}
{{- with $values.extraCA -}}
{{- if .configMap -}}
{{- $_ := set $container "env" (append (default list $container.env) (dict "name" "SSL_CERT_FILE" "value" "/etc/quay-robot-operator/ca/ca.crt")) -}}
{{- $_ := set $container "volumeMounts" (append $container.volumeMounts (dict "name" "extra-ca" "mountPath" "/etc/quay-robot-operator/ca" "readOnly" true)) -}}
{{- $source := dict "name" .configMap "items" (list (dict "key" .key "path" "ca.crt")) -}}
{{- $_ := set $pod "volumes" (append $pod.volumes (dict "name" "extra-ca" "configMap" $source)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $container "securityContext" (mergeOverwrite $container.securityContext $values.containerSecurityContext) -}}
{{- with $values.extraEnv -}}
{{- $_ := set $container "env" (concat (default list $container.env) .) -}}
{{- end -}}
{{- with $values.extraVolumeMounts -}}
{{- $_ := set $container "volumeMounts" (concat $container.volumeMounts .) -}}
{{- end -}}
{{- with $values.extraVolumes -}}
{{- $_ := set $pod "volumes" (concat $pod.volumes .) -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end }}
