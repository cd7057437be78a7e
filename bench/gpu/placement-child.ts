// Runs a package once with ONNX Runtime's profiler; prints a list of Placement as its last line.
// usage: node bin/run.js bench/gpu/placement-child.ts <package> cuda|cpu <threads> <folder for the profile>
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../model/onnx-runtime.ts';
import { z } from 'zod';
import { openPackage } from '../../model/package/open-package.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../model/package/manifest.ts';
import { selfTestImage } from '../../model/package/self-test.ts';
import { sessionOptions } from '../../service/engine/session/session-options.ts';

/** How many nodes of an operator a provider computes. */
export interface Placement {
  readonly provider: string;
  readonly operator: string;
  readonly count: number;
}

/** The profile's events; those of nodes have these arguments. */
const eventsSchema = z.array(
  z.object({
    cat: z.string(),
    name: z.string(),
    args: z.object({ provider: z.string(), op_name: z.string() }).partial(),
  }),
);

const [packageDir = '', device = '', threads = '1', folder = ''] = process.argv.slice(2);
const { dir, manifest } = await openPackage(packageDir);
const session = await InferenceSession.create(join(dir, PACKAGE_FILES.graph), {
  ...sessionOptions(device === 'cuda' ? 'cuda' : 'cpu', Number(threads)),
  enableProfiling: true,
  profileFilePrefix: join(folder, 'profile'),
});
const { size } = manifest.image;
const { bos, eos } = manifest.text.specialTokens;
const [length = 0] = manifest.text.lengths;
const ids = BigInt64Array.from({ length }, (_, at) => BigInt(at === 0 ? bos : eos));
await session.run({
  [GRAPH_IO.image]: new Tensor('uint8', selfTestImage(0, size), [1, size, size, 3]),
  [GRAPH_IO.inputIds]: new Tensor('int64', ids, [1, length]),
});
session.endProfiling();
await session.release();
const [file = ''] = await readdir(folder);
const events = eventsSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
const counts = new Map<string, Placement>();
for (const { cat, name, args } of events) {
  if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
  const { provider = 'unknown', op_name: operator = 'unknown' } = args;
  const key = `${provider} ${operator}`;
  counts.set(key, { provider, operator, count: (counts.get(key)?.count ?? 0) + 1 });
}
const placements = [...counts.values()].sort((a, b) => b.count - a.count);
console.log(JSON.stringify(placements));
