/**
 * How long an engine that has come free waits for the pictures of its next batch: sent with the batch through the pipe
 * of messages, or waiting in the file that both processes have open.
 *
 * Usage: node bin/run.js bench/picture-handover.ts
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { PictureStore, copyPicture } from '../service/engine/session/picture-store.ts';
import type { EngineImage } from '../service/engine/protocol.ts';
import { sourceFlags } from '../model/source-flags.ts';

const SIZE = 480;
const BATCH = 8;
const RUNS = 101;
const PICTURE_BYTES = SIZE * SIZE * 3;

/** The engine's side: copies a batch's pictures into one tensor's memory, and says so. */
function receive(): void {
  const room = new Uint8Array(BATCH * PICTURE_BYTES);
  process.on('message', (images: readonly EngineImage[]) => {
    for (const [index, image] of images.entries()) {
      copyPicture(image, room.subarray(index * PICTURE_BYTES, (index + 1) * PICTURE_BYTES));
    }
    process.send?.(room[PICTURE_BYTES]);
  });
}

async function measure(): Promise<void> {
  const store = PictureStore.open(PICTURE_BYTES, BATCH);
  if (store === undefined) throw new Error('no folder can be written to');
  const child = fork(import.meta.filename, ['receive'], {
    execArgv: sourceFlags('.ts'),
    serialization: 'advanced',
    // As the service starts its engines.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', store.fd],
  });
  const pictures = Array.from({ length: BATCH }, (_, index) => new Uint8Array(PICTURE_BYTES).fill(index));
  for (const pixels of pictures) store.put(pixels);
  const ways = { sent: pictures, waiting: pictures.map((pixels) => store.imageOf(pixels)) };
  const times: Record<keyof typeof ways, number[]> = { sent: [], waiting: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const way of ['sent', 'waiting'] as const) {
      const began = performance.now();
      child.send(ways[way]);
      const [byte] = (await once(child, 'message')) as [number];
      times[way].push(performance.now() - began);
      if (byte !== 1) throw new Error('another picture arrived than was sent');
    }
  }
  child.disconnect();
  store.close();
  const median = (values: number[]): number => values.sort((a, b) => a - b)[RUNS >> 1] ?? NaN;
  const [sent, waiting] = [median(times.sent), median(times.waiting)];
  console.log(`${cpus()[0]?.model ?? 'unknown processor'} x ${cpus().length}, Node ${process.version}`);
  console.log(`${BATCH} pictures of ${SIZE}x${SIZE}, medians of ${RUNS}:`);
  console.log(`  sent with the batch  ${sent.toFixed(2)} ms`);
  console.log(
    `  waiting in the file  ${waiting.toFixed(2)} ms, ${(waiting / sent).toFixed(2)} times as long`,
  );
}

if (process.argv[2] === 'receive') receive();
else await measure();
