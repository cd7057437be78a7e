import { checkSettings } from '../../../service/contract.ts';
import { devicesOfPod } from '../devices.ts';
import { bytesOf } from '../fields.ts';
import { podSettings } from '../pod-settings.ts';
import { FILLED_IN } from '../server.ts';
import type { Rule } from './rule.ts';

/** What the service refuses when it starts. */
const serviceAcceptsSettings: Rule = ({ workload }) =>
  checkSettings(podSettings(workload)).map(({ name, value, mustBe }) => {
    const shown = JSON.stringify(value);
    return name in FILLED_IN
      ? `${FILLED_IN[name as keyof typeof FILLED_IN]} sets ${name} to ${shown}, which must be ${mustBe}.`
      : `server.settings.${name} is ${shown}; it must be ${mustBe}.`;
  });

const portsAreUnprivileged: Rule = ({ workload, server }) => {
  const names =
    workload.server.kind === 'ofa-ve'
      ? ({ http: 'server.settings.PORT', admin: 'server.settings.ADMIN_PORT' } as const)
      : ({ http: 'server.ports.http', admin: 'server.ports.admin' } as const);
  return (['http', 'admin'] as const)
    .filter((port) => server.ports[port] < 1024)
    .map(
      (port) =>
        `${names[port]} is ${server.ports[port]}; it must be a fixed port from 1024 up, as lower ones need root.`,
    );
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
  serviceAcceptsSettings,
  portsAreUnprivileged,
  enginesFitDevices,
  memoryAlertComesFirst,
];
