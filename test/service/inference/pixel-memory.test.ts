import { expect, it } from 'vitest';
import { MIB } from '../../../model/bytes.ts';
import { pixelMemory } from '../../../service/inference/pixel-memory.ts';
import { DEFAULT_SETTINGS } from '../../../service/settings/definitions.ts';

const GIB = 2 ** 30;
const memory = { weightsBytes: 100 * MIB, activationBytesPerItem: 10 * MIB };
const settings = { ...DEFAULT_SETTINGS, MAX_BATCH: 8, FEATURE_CACHE_MB: 64, MAX_BODIES_MB: 256 };
const cpu = (engines: number) => ({ device: 'cpu', engines: Array.from({ length: engines }, () => ({})) }) as const;

it('decoding gets what engines, bodies and the service leave', () => {
  // An engine: weights, activations, features and its process; bodies; the service.
  const needed = 100 + 80 + 64 + 256 + 256 + 320;
  expect(pixelMemory(cpu(1), memory, settings, 2 * GIB)).toEqual({ bytes: (2048 - needed) * MIB });
  expect(pixelMemory(cpu(2), memory, settings, 2 * GIB)).toEqual({ bytes: (2048 - needed - 500) * MIB });
});

it('decoding gets no more than a few of the largest pictures need', () => {
  expect(pixelMemory(cpu(1), memory, settings, 64 * GIB)).toEqual({ bytes: 4 * GIB });
});

it('engines on GPUs share the weights', () => {
  const gpus = { device: 'cuda', engines: [{}, {}] } as const;
  const needed = 100 + 2 * (1024 + 64) + 256 + 320;
  expect(pixelMemory(gpus, memory, settings, 4 * GIB)).toEqual({ bytes: (4096 - needed) * MIB });
});

it('a photo can be decoded even where the memory is too small, with a warning', () => {
  expect(pixelMemory(cpu(1), memory, settings, GIB)).toEqual({
    bytes: 160 * MIB,
    warning:
      'the memory limit is 1024 MiB, but the engines, request bodies (MAX_BODIES_MB) and decoding may need 1236 MiB; allow that, or set MAX_BODIES_MB or FEATURE_CACHE_MB lower',
  });
});
