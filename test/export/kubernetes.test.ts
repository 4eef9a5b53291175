import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ExportRequest } from '../../src/export/export-request.ts';
import { kubernetes } from '../../src/export/kubernetes.ts';
import type { ScaleSpec } from '../../src/lifecycle/app-spec.ts';
import { requestOf, webApp } from './sample-request.ts';

const MODELS = { Deployment, Service, PodDisruptionBudget, HorizontalPodAutoscaler };

interface Manifest {
  readonly apiVersion: string;
  readonly kind: keyof typeof MODELS;
  readonly metadata: object;
  readonly spec: object;
}

const manifestsOf = (text: string): Manifest[] => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

/** By the OpenAPI schemas of Kubernetes. @throws if it does not fit */
function validate({ apiVersion, kind, ...rest }: Manifest): void {
  const model = new MODELS[kind](rest as never);
  expect({ apiVersion, kind }).toEqual({ apiVersion: model.apiVersion, kind: model.kind });
  model.validate();
}

const scale: ScaleSpec = { on: true, min: 2, max: 8, target: { metric: 'elu', value: 0.6 }, upCooldownMs: 5_000, downCooldownMs: 60_000 };
const jobs = webApp({ name: 'jobs', kind: 'plain', instances: 1, port: null, healthPort: null, drainDelayMs: 0 });
const local = { host: '127.0.0.1', port: 9001 };

const CASES: readonly (readonly [string, ExportRequest])[] = [
  ['one worker per pod', requestOf([webApp({ maxMemoryBytes: 300 * 1024 ** 2 })], { image: 'registry.example/shop:7' })],
  ['with scale', requestOf([webApp({ scale })], {}, { metrics: { host: '0.0.0.0', port: 9615 } })],
  [
    'all cores, with scale by requests',
    requestOf([webApp({ scale: { ...scale, max: 16, target: { metric: 'rps_per_worker', value: 50 } } })], { allCores: true, cpus: 4 }),
  ],
  ['two apps, one without a port', requestOf([webApp({ healthPort: local }), jobs], {}, { envName: 'production' })],
];

it.each(CASES)('%s', (_, request) => {
  const { text, notes } = kubernetes(request);
  expect(`${text}\nnotes: ${notes.join('; ')}`).toMatchSnapshot();
  const manifests = manifestsOf(text);
  expect(manifests.length).toBeGreaterThan(0);
  for (const manifest of manifests) validate(manifest);
});

it('the schemas see what is wrong', () => {
  const { text } = kubernetes(requestOf([webApp()]));
  const broken = manifestsOf(text.replace('failureThreshold: 1\n', 'failureThreshold: one\n'));
  expect(() => broken.forEach(validate)).toThrow('failureThreshold');
});

describe('the pods', () => {
  const kindsOf = (request: ExportRequest): string[] => manifestsOf(kubernetes(request).text).map(({ kind }) => kind);
  const specOf = (request: ExportRequest): unknown => manifestsOf(kubernetes(request).text)[0]?.spec;

  it('are as many as the definition has workers, or as its cores need', () => {
    expect(specOf(requestOf([webApp({ instances: 6 })]))).toMatchObject({ replicas: 6 });
    expect(specOf(requestOf([webApp({ instances: 1 })]))).toMatchObject({ replicas: 2 });
    expect(specOf(requestOf([webApp({ instances: 6 })], { allCores: true, cpus: 2 }))).toMatchObject({ replicas: 3 });
    expect(specOf(requestOf([webApp({ instances: 6 })], { replicas: 1 }))).toMatchObject({ replicas: 1 });
  });

  it('do not overlap if the app must not run twice', () => {
    const alone = requestOf([webApp({ overlap: false })]);
    expect(specOf(alone)).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(kindsOf(alone)).toEqual(['Deployment', 'Service']);
  });
});
