/**
 * What of Compose files and Kubernetes objects the examples use, and nothing beyond: an unknown key is an error. Names
 * and types from the Compose specification (https://github.com/compose-spec/compose-spec/blob/main/spec.md) and the
 * Kubernetes API reference (https://kubernetes.io/docs/reference/kubernetes-api/).
 */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
const texts = z.record(z.string(), z.string());
const duration = z.string().regex(/^\d+(ms|s|m|h)$/);

export const COMPOSE_SERVICE = z.strictObject({
  build: z.string().optional(),
  image: z.string().regex(/^[a-z0-9./-]+(:[\w.-]+)?$/),
  command: z.array(z.string()).optional(),
  depends_on: z
    .union([
      z.array(name),
      z.record(name, z.strictObject({ condition: z.enum(['service_started', 'service_healthy']) })),
    ])
    .optional(),
  environment: texts.optional(),
  healthcheck: z
    .strictObject({
      test: z.tuple([z.literal('CMD')], z.string()),
      interval: duration,
      timeout: duration,
      retries: z.int(),
    })
    .optional(),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'published on loopback only')).optional(),
  secrets: z.array(name).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+(:ro)?$/)).optional(),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']).optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: duration.optional(),
});

export const COMPOSE = z.strictObject({
  name,
  services: z.record(name, COMPOSE_SERVICE),
  volumes: z.record(name, z.strictObject({})).optional(),
  secrets: z.record(name, z.strictObject({ file: z.string() })).optional(),
});

const metadata = z.strictObject({ name, labels: texts.optional(), annotations: texts.optional() });
const selector = z.strictObject({ matchLabels: texts });
const cpu = z.string().regex(/^\d+m?$/);
const bytes = z.string().regex(/^\d+(Ki|Mi|Gi)$/);
const amounts = z.strictObject({ cpu: cpu.optional(), memory: bytes });
const timing = { periodSeconds: z.int(), timeoutSeconds: z.int(), failureThreshold: z.int().optional() };
const seccompProfile = z.strictObject({ type: z.literal('RuntimeDefault') });

const probe = z.union([
  z.strictObject({ httpGet: z.strictObject({ path: z.string(), port: name }), ...timing }),
  z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }), ...timing }),
]);

const container = z.strictObject({
  name,
  image: z.string(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  restartPolicy: z.literal('Always').optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  ports: z.array(z.strictObject({ name, containerPort: z.int().min(1).max(65_535) })),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.strictObject({ requests: amounts, limits: amounts }),
  securityContext: z
    .strictObject({
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.int().optional(),
      runAsGroup: z.int().optional(),
      allowPrivilegeEscalation: z.boolean(),
      readOnlyRootFilesystem: z.boolean(),
      capabilities: z.strictObject({ drop: z.array(z.string()) }),
    })
    .optional(),
  volumeMounts: z
    .array(z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.boolean().optional() }))
    .optional(),
});

const pod = z.strictObject({
  metadata: z.strictObject({ labels: texts, annotations: texts.optional() }),
  spec: z.strictObject({
    automountServiceAccountToken: z.boolean(),
    enableServiceLinks: z.boolean(),
    terminationGracePeriodSeconds: z.int(),
    securityContext: z.strictObject({
      runAsNonRoot: z.boolean().optional(),
      runAsUser: z.int().optional(),
      runAsGroup: z.int().optional(),
      fsGroup: z.int(),
      seccompProfile,
    }),
    topologySpreadConstraints: z
      .array(
        z.strictObject({
          maxSkew: z.int(),
          topologyKey: z.string(),
          whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
          labelSelector: selector,
        }),
      )
      .optional(),
    initContainers: z.array(container).optional(),
    containers: z.array(container),
    volumes: z.array(
      z.strictObject({
        name,
        secret: z.strictObject({ secretName: name, defaultMode: z.int() }),
      }),
    ),
  }),
});

const WORKLOAD = { apiVersion: z.literal('apps/v1'), metadata };

export const KUBERNETES = z.discriminatedUnion('kind', [
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Secret'),
    metadata,
    type: z.literal('Opaque'),
    stringData: texts,
  }),
  z.strictObject({
    ...WORKLOAD,
    kind: z.literal('Deployment'),
    spec: z.strictObject({ replicas: z.int(), selector, template: pod }),
  }),
  z.strictObject({
    ...WORKLOAD,
    kind: z.literal('StatefulSet'),
    spec: z.strictObject({
      serviceName: name,
      replicas: z.int(),
      selector,
      template: pod,
      volumeClaimTemplates: z.array(
        z.strictObject({
          metadata: z.strictObject({ name }),
          spec: z.strictObject({
            accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteMany'])),
            resources: z.strictObject({ requests: z.strictObject({ storage: bytes }) }),
          }),
        }),
      ),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('policy/v1'),
    kind: z.literal('PodDisruptionBudget'),
    metadata,
    spec: z.strictObject({
      minAvailable: z.int(),
      unhealthyPodEvictionPolicy: z.literal('AlwaysAllow'),
      selector,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata,
    spec: z.strictObject({
      clusterIP: z.literal('None').optional(),
      selector: texts,
      ports: z.array(z.strictObject({ name, port: z.int(), targetPort: name })),
    }),
  }),
]);

export type KubernetesObject = z.infer<typeof KUBERNETES>;
export type Workload = Extract<KubernetesObject, { kind: 'Deployment' | 'StatefulSet' }>;
