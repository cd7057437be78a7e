import { withoutUserInfo } from '../../../model/echo.ts';
import { checkSettings } from '../../../service/contract.ts';
import { bytesOf } from '../fields.ts';
import { devicesOfPod, podSettings } from '../pod-settings.ts';
import { FILLED_IN, withDefaults } from '../server.ts';
import type { Rule } from './rule.ts';

/** Rules on the service's settings. */
export const settingsRules = {
  /** The rules of the service itself, on all that the deployment puts into its environment. */
  serviceAcceptsSettings({ workload }) {
    return checkSettings(podSettings(workload)).map(({ name, value, mustBe }) => {
      const shown = JSON.stringify(typeof value === 'string' ? withoutUserInfo(value) : value);
      return name in FILLED_IN
        ? `${FILLED_IN[name as keyof typeof FILLED_IN]} sets ${name} to ${shown}, which must be ${mustBe}.`
        : `server.settings.${name} is ${shown}; it must be ${mustBe}.`;
    });
  },

  portsAreUnprivileged({ workload, server: { ports, grpcPort } }) {
    const named: [name: string, port: number][] =
      workload.server.kind === 'ofa-ve'
        ? [
            ['server.settings.PORT', ports.http],
            ['server.settings.GRPC_PORT', grpcPort ?? Infinity],
            ['server.settings.ADMIN_PORT', ports.admin],
          ]
        : [
            ['server.ports.http', ports.http],
            ['server.ports.admin', ports.admin],
          ];
    return named
      .filter(([, port]) => port < 1024)
      .map(([name, port]) => `${name} is ${port}; it must be a fixed port from 1024 up, as lower ones need root.`);
  },

  /** With more engines than devices the service does not start; with fewer, a device is idle. */
  enginesFitDevices({ workload: { server, gpu } }) {
    const engines = server.kind === 'ofa-ve' ? withDefaults(server.settings).ENGINES : 0;
    const devices = devicesOfPod(gpu);
    return engines > 0 && devices > 0 && engines !== devices
      ? `server.settings.ENGINES is ${engines}, but gpu gives a pod ${devices}; leave it out to run an engine on each device.`
      : undefined;
  },

  memoryAlertComesFirst({ workload: { server, observability } }) {
    const limit = server.kind === 'ofa-ve' ? withDefaults(server.settings).GPU_MEMORY_LIMIT_MB : 0;
    const { gpuMemory } = observability.alerts;
    return limit > 0 && bytesOf(gpuMemory) >= limit * 2 ** 20
      ? `observability.alerts.gpuMemory is ${gpuMemory}, not below server.settings.GPU_MEMORY_LIMIT_MB, which is ${limit} MiB; the engine would be replaced before the alert fires.`
      : undefined;
  },
} satisfies Record<string, Rule>;
