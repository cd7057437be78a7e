// Runs a package once with ONNX Runtime's profiler; prints a list of Placement as its last line.
// usage: node bin/run.js bench/gpu/placement-child.ts <package> cuda|cpu <threads> <folder for the profile>
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession } from '../../model/onnx-runtime.ts';
import { z } from 'zod';
import { openPackage } from '../../model/package/open-package.ts';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import { makeSession } from '../../service/engine/session/session.ts';
import { sessionOptions } from '../../service/engine/session/session-options.ts';
import { fullBatch } from '../support/full-batch.ts';

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
const open = (graph: string): Promise<InferenceSession> =>
  InferenceSession.create(join(dir, graph), {
    ...sessionOptions(device === 'cuda' ? 'cuda' : 'cpu', Number(threads)),
    enableProfiling: true,
    profileFilePrefix: join(folder, graph),
  });
const sessions = { image: await open(PACKAGE_FILES.imageGraph), answers: await open(PACKAGE_FILES.graph) };
const [length = 0] = manifest.text.lengths;
await makeSession(sessions, manifest, device === 'cuda' ? 'cuda' : 'cpu').run(fullBatch(manifest, 1, length));
for (const session of Object.values(sessions)) {
  session.endProfiling();
  await session.release();
}
const profiles = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), 'utf8')));
const events = profiles.flatMap((profile) => eventsSchema.parse(JSON.parse(profile)));
const counts = new Map<string, Placement>();
for (const { cat, name, args } of events) {
  if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
  const { provider = 'unknown', op_name: operator = 'unknown' } = args;
  const key = `${provider} ${operator}`;
  counts.set(key, { provider, operator, count: (counts.get(key)?.count ?? 0) + 1 });
}
const placements = [...counts.values()].sort((a, b) => b.count - a.count);
console.log(JSON.stringify(placements));
