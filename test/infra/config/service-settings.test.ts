import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { config, extend, ofaLarge, type Changes, type WorkloadConfig } from '../../../infra/config.ts';
import { isReachable } from '../../../infra/config/fields.ts';
import { FILLED_IN } from '../../../infra/config/server.ts';
import { environmentVariables } from '../../../infra/constructs/pods/environment-variables.ts';
import { contextOf } from '../../../infra/workload/context.ts';
import { trackProps } from '../../../infra/workload/track.ts';
import { UserError } from '../../../model/errors.ts';
import { SETTINGS, type Setting } from '../../../service/contract.ts';
import { ignoredSettings, readSettings } from '../../../service/settings/read.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

/** The mistakes of the default workload with other values at some paths. */
function mistakesWith(changes: Readonly<Record<string, unknown>>): readonly string[] {
  const changed = Object.entries(changes).reduce<unknown>(
    (whole, [path, value]) => deepChange(whole, `workloads.0.${path}`, value),
    config,
  );
  return mistakesOf(changed);
}

describe('synth refuses', () => {
  it.each([
    [
      'origins with a path',
      { 'server.settings.CORS_ORIGINS': 'https://a.example, https://a.example/path' },
      'server.settings.CORS_ORIGINS is "https://a.example, https://a.example/path"; it must be a comma-separated list of origins such as https://example.org, which "https://a.example/path" is not.',
    ],
    [
      'a label that occurs twice',
      { 'server.settings.LABELS': 'Yes,No,No' },
      'server.settings.LABELS is "Yes,No,No"; it must be different names, of which "No" occurs twice.',
    ],
    [
      'an empty label',
      { 'server.settings.LABELS': 'Yes,No,maybe=' },
      'server.settings.LABELS is "Yes,No,maybe="; it must be at least two names of 1 to 100 printable characters, separated by commas.',
    ],
    [
      'a drain that leaves no time to close',
      {
        'server.settings': { SHUTDOWN_TIMEOUT_MS: 10_000, DRAIN_DELAY_MS: 9500, REQUEST_TIMEOUT_MS: 500 },
      },
      'server.settings.DRAIN_DELAY_MS is 9500; it must be at most 9000 with SHUTDOWN_TIMEOUT_MS 10000.',
    ],
    [
      'room for less than one body',
      { 'server.settings.MAX_BODIES_MB': 49 },
      'server.settings.MAX_BODIES_MB is 49; it must be at least MAX_BODY_MB, which is 50.',
    ],
    [
      'one port for two listeners',
      { 'server.settings.ADMIN_PORT': 8000 },
      'server.settings.ADMIN_PORT is 8000; it must be another port than PORT, which is 8000.',
    ],
    [
      'any free port',
      { 'server.settings.PORT': 0 },
      'server.settings.PORT is 0; it must be a fixed port from 1024 up, as lower ones need root.',
    ],
    [
      'a port that needs root',
      { 'server.settings.ADMIN_PORT': 80 },
      'server.settings.ADMIN_PORT is 80; it must be a fixed port from 1024 up, as lower ones need root.',
    ],
    [
      'a port for gRPC that needs root',
      { 'server.settings.GRPC_PORT': 1023 },
      'server.settings.GRPC_PORT is 1023; it must be a fixed port from 1024 up, as lower ones need root.',
    ],
    [
      'an address with a password, which is not repeated',
      { 'server.settings.CORS_ORIGINS': 'https://me:se/cret@a.example' },
      'server.settings.CORS_ORIGINS is "https://***@a.example"; it must be a comma-separated list of origins such as https://example.org.',
    ],
    [
      'an address with a password that is longer than what is repeated of others',
      { 'server.settings.CORS_ORIGINS': `https://me:${'secret'.repeat(20)}@a.example` },
      'server.settings.CORS_ORIGINS is "https://***@a.example"; it must be a comma-separated list of origins such as https://example.org.',
    ],
    [
      'a protocol in which the service cannot send traces',
      { 'observability.tracing.enabled': true, 'server.settings.OTEL_EXPORTER_OTLP_PROTOCOL': 'grpc' },
      'server.settings.OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; it must be http/protobuf or http/json, since traces are sent over HTTP: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to http/protobuf and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to the collector\'s address for HTTP, usually http://HOST:4318/v1/traces.',
    ],
    [
      'more threads than an engine takes',
      { gpu: { kind: 'none' }, 'resources.requests.memory': '7Gi', 'resources.limits.cpu': 300 },
      'resources.limits.cpu sets ENGINE_THREADS to 300, which must be a whole number from 0 to 256.',
    ],
    [
      'more engines than GPUs',
      { 'server.settings.ENGINES': 2 },
      'server.settings.ENGINES is 2, but gpu gives a pod 1; leave it out to run an engine on each device.',
    ],
    [
      'a GPU without an engine',
      { 'gpu.count': 2, 'server.settings.ENGINES': 1 },
      'server.settings.ENGINES is 1, but gpu gives a pod 2; leave it out to run an engine on each device.',
    ],
    [
      'memory for one engine on two GPUs',
      { 'gpu.count': 2, 'resources.requests.memory': '4.5Gi' },
      'resources.requests.memory is 4.5Gi, but the model needs 5660Mi (model.needs); request at least that.',
    ],
    [
      'memory that the bodies of open requests exceed',
      { 'server.settings.MAX_BODIES_MB': 4096 },
      'resources.limits.memory is 6Gi, but the model (model.needs), 4096 MiB of request bodies (MAX_BODIES_MB) and decoding need 8421Mi; allow at least that.',
    ],
  ])('%s', (_, changes, sentence) => {
    expect(mistakesWith(changes)).toContain(`workloads[0].${sentence}`);
  });

  it.each(Object.entries(FILLED_IN))('%s, which follows from %s', (name, source) => {
    expect(mistakesWith({ [`server.settings.${name}`]: '1' })).toEqual([
      `workloads[0].server.settings.${name} is "1"; it must be left out, as it follows from ${source}.`,
    ]);
  });
});

describe('synth accepts', () => {
  it.each([
    ['an engine for each GPU, by default', { 'gpu.count': 2, 'resources.requests.memory': '5.75Gi' }],
    [
      'an engine for each GPU, by setting',
      { 'gpu.count': 2, 'server.settings.ENGINES': 2, 'resources.requests.memory': '5.75Gi' },
    ],
    ['bodies that fit beside the model', { 'server.settings.MAX_BODIES_MB': 1024 }],
  ])('%s', (_, changes) => {
    expect(mistakesWith(changes)).toEqual([]);
  });
});

/**
 * A workload in which every rule of the deployment alone holds, whatever the settings are: what synth says then is
 * what the service says.
 */
const ROOMY = extend(ofaLarge, {
  gpu: { kind: 'none' },
  model: { needs: { weightsBytes: 0, activationBytesPerItem: 0, processBytes: 0 } },
  resources: { requests: { memory: '64Ti' }, limits: { memory: '128Ti' } },
  probes: { startup: { budgetSeconds: 7200 } },
  exposure: { bodyLimitMb: 10_240 },
  replicas: 1,
  autoscaling: { by: 'none' },
  observability: { alerts: { gpuMemory: '1Ki' } },
});

/** Values of a setting, most of them right. Ports are unprivileged and requests short, as the deployment wants them. */
function valuesOf(name: string, setting: Setting): fc.Arbitrary<unknown> {
  if (name === 'REQUEST_TIMEOUT_MS') return fc.constant(1);
  if (setting.kind === 'choice') return fc.constantFrom(...setting.choices, 'other');
  if (name.endsWith('_PROTOCOL')) return fc.constantFrom('', 'grpc', 'http/json');
  if (setting.kind === 'text')
    return fc.constantFrom('', 'https://a.example', 'https://a.example , http://b:80', 'http://b:81', 'a', '*');
  const min = name.endsWith('PORT') ? 1024 : setting.min;
  return fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min, max: setting.max }) },
    { weight: 6, arbitrary: fc.integer({ min, max: Math.min(min + 3, setting.max) }) },
    { weight: 1, arbitrary: fc.constantFrom(setting.max + 1, 1e21, 1024.5, Infinity, NaN, -1) },
  );
}

const configurable = Object.entries<Setting>(SETTINGS).filter(([name]) => !(name in FILLED_IN));

const changes = fc.record({
  settings: fc.record(Object.fromEntries(configurable.map(([name, setting]) => [name, valuesOf(name, setting)])), {
    requiredKeys: ['REQUEST_TIMEOUT_MS'],
  }),
  cpu: fc.constantFrom(2, '2500m', 64, 256, 257, 5000),
  endpoint: fc.constantFrom('http://collector:4318', 'http://c:65536', 'http://c%:1'),
  traced: fc.boolean(),
});

function serviceAccepts(workload: WorkloadConfig): boolean {
  const context = contextOf(workload, config);
  const variables = environmentVariables(context, trackProps(context, 'stable'));
  try {
    const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    readSettings(environment);
    return ignoredSettings(environment).length === 0;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

it('synth accepts exactly the settings with which the service starts, and ignores none of them', () => {
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(changes, ({ settings, cpu, endpoint, traced }) => {
      const workload = extend(ROOMY, {
        server: { kind: 'ofa-ve', settings },
        resources: { limits: { cpu } },
        observability: { tracing: { enabled: traced, endpoint } },
      } as Changes<WorkloadConfig>);
      // Synth checks the address even if no traces are sent, and refuses settings that contradict whether they are.
      const isOff = settings['OTEL_SDK_DISABLED'] === 'true' || settings['OTEL_TRACES_EXPORTER'] === 'none';
      const isOn = settings['OTEL_TRACES_EXPORTER'] === 'otlp' && !isOff;
      const contradicts = traced ? isOff : isOn;
      const accepted = serviceAccepts(workload) && isReachable(endpoint) && !contradicts;
      seen.add(accepted);
      const mistakes = mistakesOf({ ...config, workloads: [workload] });
      expect({ settings, cpu, endpoint, accepted: mistakes.length === 0, mistakes }).toMatchObject({
        accepted,
      });
    }),
    {
      numRuns: 500,
      // Chance may find none that is accepted.
      examples: [[{ settings: { REQUEST_TIMEOUT_MS: 1 }, cpu: 2, endpoint: 'http://collector:4318', traced: false }]],
    },
  );
  expect(seen.size).toBe(2);
});
