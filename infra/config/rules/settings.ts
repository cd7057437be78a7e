import { devicesOfPod } from '../devices.ts';
import { bytesOf } from '../fields.ts';
import { integerSetting } from '../server-facts.ts';
import type { Rule } from './rule.ts';

/** Settings of the service that follow from other fields, and the field that decides. */
const DERIVED = {
  HOST: 'the service has to listen on every address of its pod',
  API_KEYS_FILE: 'name the Secret in server.apiKeys instead',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'set observability.tracing instead',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'set observability.tracing instead',
} as const;

const derivedSettings: Rule[] = Object.entries(DERIVED).map(
  ([name, why]) =>
    ({ workload: { server } }) =>
      server.kind === 'ofa-ve' && server.settings[name as keyof typeof DERIVED] !== undefined
        ? `server.settings.${name} is filled in by the deployment; ${why}.`
        : undefined,
);

const modelFolder: Rule = ({ workload: { server, model } }) =>
  server.kind === 'ofa-ve' && server.settings.MODEL_DIR !== undefined && model.source.kind !== 'image'
    ? `server.settings.MODEL_DIR follows from model.source, whose kind is ${model.source.kind}; leave it out.`
    : undefined;

const portsAreFixed: Rule[] = (['PORT', 'ADMIN_PORT'] as const).map(
  (name) =>
    ({ workload: { server } }) =>
      server.kind === 'ofa-ve' && server.settings[name] === 0
        ? `server.settings.${name} is 0, which picks any free port; a container needs a fixed one.`
        : undefined,
);

const portsDiffer: Rule = ({ workload, server }) =>
  workload.server.kind === 'ofa-ve' && server.ports.http === server.ports.admin
    ? `server.settings.ADMIN_PORT is ${server.ports.admin}, the same as PORT; metrics need a port of their own.`
    : undefined;

const portsAreUnprivileged: Rule = ({ server }) => {
  const port = Math.min(server.ports.http, server.ports.admin);
  return port > 0 && port < 1024
    ? `server listens on port ${port}, which needs root; use one from 1024 up.`
    : undefined;
};

const bodiesHoldOne: Rule = ({ workload: { server } }) => {
  if (server.kind !== 'ofa-ve') return undefined;
  const [all, one] = [
    integerSetting(server.settings, 'MAX_BODIES_MB'),
    integerSetting(server.settings, 'MAX_BODY_MB'),
  ];
  return all < one
    ? `server.settings.MAX_BODIES_MB is ${all}, below MAX_BODY_MB, which is ${one}; the service would not start.`
    : undefined;
};

const deviceFits: Rule = ({ workload: { server, gpu } }) => {
  if (server.kind !== 'ofa-ve') return undefined;
  if (server.settings.DEVICE === 'cuda' && gpu.kind === 'none')
    return 'server.settings.DEVICE is cuda, but gpu.kind is none; give the pods a GPU or use cpu.';
  if (server.settings.DEVICE === 'cpu' && gpu.kind !== 'none')
    return `server.settings.DEVICE is cpu, but gpu.kind is ${gpu.kind}; a GPU would be reserved and idle.`;
  return undefined;
};

/** More engines than devices do not start; with fewer, a device is idle. */
const enginesFitDevices: Rule = ({ workload: { server, gpu } }) => {
  const engines = server.kind === 'ofa-ve' ? (server.settings.ENGINES ?? 0) : 0;
  const devices = devicesOfPod(gpu);
  return engines > 0 && devices > 0 && engines !== devices
    ? `server.settings.ENGINES is ${engines}, but a pod has ${devices} of its device; leave it out, and each gets an engine.`
    : undefined;
};

const memoryAlertComesFirst: Rule = ({ workload: { server, observability } }) => {
  const limit = server.kind === 'ofa-ve' ? (server.settings.GPU_MEMORY_LIMIT_MB ?? 0) : 0;
  const { gpuMemory } = observability.alerts;
  return limit > 0 && bytesOf(gpuMemory) >= limit * 2 ** 20
    ? `observability.alerts.gpuMemory is ${gpuMemory}, not below server.settings.GPU_MEMORY_LIMIT_MB, which is ${limit} MiB; the engine would be replaced before anybody is told.`
    : undefined;
};

/** Rules on the service's settings. */
export const settingsRules: readonly Rule[] = [
  ...derivedSettings,
  modelFolder,
  ...portsAreFixed,
  portsDiffer,
  portsAreUnprivileged,
  bodiesHoldOne,
  deviceFits,
  enginesFitDevices,
  memoryAlertComesFirst,
];
