{{- define "csi-driver-loop.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 43 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 43 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 43 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of the pods of one component: dict root, component. */}}
{{- define "csi-driver-loop.selectorLabels" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Of an object: dict root, and component where it belongs to one. */}}
{{- define "csi-driver-loop.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: csi-driver-loop
{{ include "csi-driver-loop.selectorLabels" (dict "root" .root "component" (default "driver" .component)) }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image by digest, else by tag: dict root, image, tag (when the image has none). */}}
{{- define "csi-driver-loop.image" -}}
{{- $registry := default .image.registry .root.Values.imageRegistry -}}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .tag .image.tag }}{{ end -}}
{{- end -}}

{{- define "csi-driver-loop.nodeSecret" -}}
{{- default (printf "%s-node-tls" (include "csi-driver-loop.fullname" .)) .Values.tls.nodeSecret -}}
{{- end -}}

{{- define "csi-driver-loop.controllerSecret" -}}
{{- default (printf "%s-controller-tls" (include "csi-driver-loop.fullname" .)) .Values.tls.controllerSecret -}}
{{- end -}}

{{/* By pool, the directory of the node to mount into the driver's container, each once: the pool's disk, or its path. */}}
{{- define "csi-driver-loop.poolMounts" -}}
{{- $mounts := dict -}}
{{- range $pool, $config := .Values.pools -}}
{{- $config = default dict $config -}}
{{- if and $config.disk (not (hasPrefix (printf "%s/" (trimSuffix "/" $config.disk)) (printf "%s/" $config.path))) -}}
{{- fail (printf "pools.%s.path is %q: it must be on pools.%s.disk, %q" $pool (default "" $config.path) $pool $config.disk) -}}
{{- end -}}
{{- $path := default $config.path $config.disk -}}
{{- if and $path (ne $path $.Values.dataDir) (not (has $path (values $mounts))) -}}
{{- $_ := set $mounts $pool $path -}}
{{- end -}}
{{- end -}}
{{- toYaml $mounts -}}
{{- end -}}

{{/* The volume with the certificates of a component: dict root, secret, mode (of its files). */}}
{{- define "csi-driver-loop.tlsVolume" -}}
{{- with .root.Values.tls.trustConfigMap -}}
projected:
  defaultMode: {{ $.mode }}
  sources:
    - secret: {name: {{ $.secret }}}
    - configMap: {name: {{ . }}, items: [{key: ca.crt, path: trust.crt}]}
{{- else -}}
secret: {secretName: {{ .secret }}, defaultMode: {{ .mode }}}
{{- end -}}
{{- end -}}

{{/* "true" where a feature is wanted, or, by `auto`, where the cluster has the API: dict root, enabled, api. */}}
{{- define "csi-driver-loop.has" -}}
{{- if eq (toString .enabled) "auto" -}}
{{- if .root.Capabilities.APIVersions.Has .api }}true{{ end -}}
{{- else if .enabled }}true{{ end -}}
{{- end -}}

{{- define "csi-driver-loop.snapshots" -}}
{{- include "csi-driver-loop.has" (dict "root" . "enabled" .Values.snapshots.enabled "api" "snapshot.storage.k8s.io/v1/VolumeSnapshotClass") -}}
{{- end -}}

{{- define "csi-driver-loop.groupSnapshots" -}}
{{- if include "csi-driver-loop.snapshots" . -}}
{{- include "csi-driver-loop.has" (dict "root" . "enabled" .Values.groupSnapshots.enabled "api" "groupsnapshot.storage.k8s.io/v1/VolumeGroupSnapshotClass") -}}
{{- end -}}
{{- end -}}

{{/* What no container of the controller pod needs. */}}
{{- define "csi-driver-loop.restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* One sidecar: dict root, name, values, port, args (list). */}}
{{- define "csi-driver-loop.sidecar" -}}
- name: csi-{{ .name }}
  image: {{ include "csi-driver-loop.image" (dict "root" .root "image" .values.image "tag" "") }}
  args:
    - --csi-address=/csi/csi.sock
    - --timeout={{ .root.Values.sidecars.timeout }}
    - --leader-election
    - --kube-api-qps={{ .root.Values.sidecars.kubeApiQps }}
    - --kube-api-burst={{ .root.Values.sidecars.kubeApiBurst }}
    - --http-endpoint=:{{ .port }}
    {{- range concat .args .values.extraArgs }}
    - {{ . | quote }}
    {{- end }}
  env:
    - name: NAMESPACE
      valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
    - name: POD_NAME
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
  ports:
    - {name: {{ .name }}, containerPort: {{ .port }}}
  livenessProbe:
    httpGet: {path: /healthz/leader-election, port: {{ .name }}}
    initialDelaySeconds: 10
    periodSeconds: 20
    timeoutSeconds: 10
  resources: {{- toYaml .values.resources | nindent 4 }}
  securityContext: {{- include "csi-driver-loop.restricted" . | nindent 4 }}
  volumeMounts:
    - {name: csi, mountPath: /csi}
{{- end -}}
