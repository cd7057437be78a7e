// Measures how long an idle engine waits for the pictures of its next batch: sent with the batch through the message
// channel, or copied from the file that both processes have open.
// usage: node bin/run.js bench/picture-handover.ts
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { PictureStore, copyPicture } from '../service/engine/session/picture-store.ts';
import type { EngineImage } from '../service/engine/protocol.ts';
import { sourceFlags } from '../model/source-flags.ts';
import { printReport, quantile, table } from './support/format.ts';
import { programArguments, runProgram } from './support/run-program.ts';

const SIZE = 480;
const BATCH = 8;
const RUNS = 101;
const PICTURE_BYTES = SIZE * SIZE * 3;

/** The engine's side: copies the pictures of a batch into the memory of a tensor, and confirms. */
function receive(): void {
  const tensor = new Uint8Array(BATCH * PICTURE_BYTES);
  process.on('message', (images: readonly EngineImage[]) => {
    for (const [index, image] of images.entries()) {
      copyPicture(image, tensor.subarray(index * PICTURE_BYTES, (index + 1) * PICTURE_BYTES));
    }
    process.send?.(tensor[PICTURE_BYTES]);
  });
}

async function measure(): Promise<void> {
  programArguments(0);
  const store = PictureStore.open(PICTURE_BYTES, BATCH);
  if (store === undefined) throw new Error('no folder can be written to');
  const child = fork(import.meta.filename, ['receive'], {
    execArgv: sourceFlags('.ts'),
    serialization: 'advanced',
    // As in engine-process.ts.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', store.fd],
  });
  const pictures = Array.from({ length: BATCH }, (_, index) => new Uint8Array(PICTURE_BYTES).fill(index));
  for (const pixels of pictures) store.put(pixels);
  const ways = { sent: pictures, waiting: pictures.map((pixels) => store.lend(pixels)) };
  const times: Record<keyof typeof ways, number[]> = { sent: [], waiting: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const way of ['sent', 'waiting'] as const) {
      const startMs = performance.now();
      child.send(ways[way]);
      const [byte] = (await once(child, 'message')) as [number];
      times[way].push(performance.now() - startMs);
      if (byte !== 1) throw new Error('the wrong picture arrived');
    }
  }
  child.disconnect();
  store.close();
  const [sent, waiting] = [quantile(times.sent, 0.5), quantile(times.waiting, 0.5)];
  printReport(
    table(
      ['way', 'time until they are in the tensor', 'ratio'],
      [
        ['through the message channel, with the batch', `${sent.toFixed(2)} ms`, '1'],
        ['shared memory', `${waiting.toFixed(2)} ms`, (waiting / sent).toFixed(2)],
      ],
    ),
    `${BATCH} pictures of ${SIZE}x${SIZE}, medians of ${RUNS} runs, the two ways alternating.`,
  );
}

if (process.argv[2] === 'receive') receive();
else await runProgram(measure);
