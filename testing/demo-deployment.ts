import { demoModel } from '../infra/config.ts';
import { bytesOf } from '../infra/config/fields.ts';
import { podSettings } from '../infra/config/pod-settings.ts';
import { DEFAULT_SETTINGS, type Settings } from '../service/contract.ts';

/** What the container images set besides the service's settings. */
export const IMAGE_ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '131072' } as const;

/** The demo model as infra/config.ts deploys it. */
export interface DemoDeployment {
  readonly requestBytes: number;
  readonly limitBytes: number;
  readonly settings: Settings;
  /** The environment of the pod: its settings, and what the image sets. */
  readonly environment: Readonly<Record<string, string>>;
}

export function demoDeployment(): DemoDeployment {
  const { requests, limits } = demoModel.resources;
  const settings = podSettings(demoModel);
  const environment = Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]);
  return {
    requestBytes: bytesOf(requests.memory),
    limitBytes: bytesOf(limits.memory),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    environment: { ...Object.fromEntries(environment), ...IMAGE_ENVIRONMENT },
  };
}
