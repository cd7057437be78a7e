import type { Manifest } from '../../../../model/package/manifest.ts';
import type { LoadOptions, Provider } from '../../../../service/engine/protocol.ts';
import type { StubInstructions } from './stub-engine.ts';

/** What a stub engine loads: its instructions in place of a package's folder. */
export function stubLoad(instructions: StubInstructions, device: Provider = 'cpu'): LoadOptions {
  const modelPackage = { dir: JSON.stringify(instructions), manifest: {} as Manifest, digest: '' };
  return { modelPackage, device, threads: 1, maxBatch: 4 };
}
