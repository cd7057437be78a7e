import { expect, it } from 'vitest';
import { config, ofaLarge } from '../../infra/config.ts';
import type { ServiceSettings } from '../../infra/config/server.ts';
import { mistakesOf } from './mistakes.ts';

function mistakesWith(settings: ServiceSettings): readonly string[] {
  return mistakesOf({ ...config, workloads: [{ ...ofaLarge, server: { ...ofaLarge.server, settings } }] });
}

it('the memory of a pod holds the bodies of open requests beside the model', () => {
  expect(mistakesWith({ MAX_BODIES_MB: 1024 })).toEqual([]);
  expect(mistakesWith({ MAX_BODIES_MB: 4096 })).toEqual([
    'workloads[0].resources.limits.memory is 6Gi, but the model (model.needs) and 4096 MiB of request bodies (MAX_BODIES_MB) need 8.1Gi; allow at least that.',
  ]);
});

it('all bodies are no less than one', () => {
  expect(mistakesWith({ MAX_BODIES_MB: 50 })).toEqual([]);
  expect(mistakesWith({ MAX_BODIES_MB: 49 })).toEqual([
    'workloads[0].server.settings.MAX_BODIES_MB is 49, below MAX_BODY_MB, which is 50; the service would not start.',
  ]);
});
