/**
 * The memory check of the image test for as long as one likes, with the image that it has left behind.
 *
 * usage: node bin/run.js test/image/memory-stress.ts [seconds, default 600]
 */
import { findEngine } from './engine.ts';
import { TAG } from './image.ts';
import { checkMemory } from './memory.ts';

const statuses = await checkMemory(await findEngine(), TAG, Number(process.argv[2] ?? 600));
for (const [name, counts] of statuses) {
  console.log(`${name}: ${[...counts].map(([status, count]) => `${count} x ${status}`).join(', ')}`);
}
