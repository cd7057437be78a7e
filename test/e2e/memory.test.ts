import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openPackage } from '../../model/package/open-package.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { pixelMemory } from '../../service/inference/pixel-memory.ts';
import { demoDeployment } from '../../testing/demo-deployment.ts';
import { stressMemory, type StressOrder } from '../../testing/memory-stress.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { stressPictures, TOO_LARGE } from '../../testing/stress-pictures.ts';

/** The pod's own limit is a control group, which a test cannot make: the service is given it, and its memory is read. */
const canMeasure = process.platform === 'linux';
const SECONDS = 10;
const CLIENTS = 6;
/** On a busy machine, a picture may take too long to arrive or to be decoded. */
const TOO_SLOW = [408, 504];
const MOST_WAIT_MS = 240_000;

const { limitBytes, settings, environment } = demoDeployment();
let order: StressOrder | undefined;

beforeAll(async () => {
  if (!canMeasure) return;
  const packageDir = await demoPackage(join(tempFolder(), 'demo'));
  const { manifest } = await openPackage(packageDir);
  const { bytes } = pixelMemory({ device: 'cpu', engines: [{}] }, manifest.memory, settings, limitBytes);
  const pictures = await stressPictures({ pixelBytes: bytes, width: 640, large: ['JPEG', 'JPEG progressive'] });
  order = { packageDir, settings: environment, limitBytes, pictures, clients: CLIENTS, seconds: SECONDS };
}, MOST_WAIT_MS);

// bench/memory-stress.ts does the same for as long as one likes, test/image/memory-stress.ts under a real limit.
it.skipIf(!canMeasure)(
  'pictures of all kinds, the largest accepted ones among them, fit the limit of the pod',
  async () => {
    const { statuses, peakBytes, survived } = await stressMemory(order ?? expect.fail());
    for (const [name, counts] of statuses) {
      const expected = name === TOO_LARGE ? [413] : [200, ...TOO_SLOW];
      for (const status of counts.keys()) expect(expected, name).toContain(status);
    }
    expect(survived).toBe(true);
    expect(peakBytes).toBeLessThan(limitBytes);
  },
  MOST_WAIT_MS,
);
