/**
 * An engine process that misbehaves as it is told: its instructions come in place of the package's folder. Selected
 * by tests alone, through the supervisor's `program`.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ModelPackage } from '../../../../model/package/open-package.ts';
import { stampPackage } from '../../../../model/package/verify-package.ts';
import { copyPicture } from '../../../../service/engine/session/picture-store.ts';
import type {
  EngineImage,
  FromEngine,
  LoadOptions,
  Provider,
  StartFailure,
  ToEngine,
} from '../../../../service/engine/protocol.ts';

/** It exits, says at which stage it fails, never says anything; or it is ready. */
export type StubStart = 'exit' | StartFailure | 'hang' | 'ready';

/** How the stub behaves. */
export interface StubInstructions {
  /** Milliseconds of a run, spent blocking, as a native call does. */
  readonly runMs?: number;
  /** Fails the start. A list is for one start after the other. */
  readonly start?: StubStart | readonly StubStart[];
  /** Starts that fail so; later ones work. Needs `startsFile`. @default all */
  readonly failStarts?: number;
  /** A file to which each start adds a byte. */
  readonly startsFile?: string;
  /** A file to which each start adds a line: the device that it was asked for, and the GPU that it sees. */
  readonly devicesFile?: string;
  /** Only processes that see this GPU fail their start. @default all */
  readonly failOn?: string;
  /** Only processes that are to take this device fail their start. @default all */
  readonly failDevice?: Provider;
  /** What it prints when it starts. */
  readonly prints?: readonly string[];
  /** What it claims to take for an item. @default 0 */
  readonly itemMs?: number;
  /** Where it claims to run. @default the device that it is to take */
  readonly provider?: 'cpu' | 'cuda';
  /** A token that kills the process that runs it. */
  readonly poison?: number;
  /** A token that makes a run fail with an error. */
  readonly error?: number;
  /** A token on which a run never ends. */
  readonly hang?: number;
  /** A token for which the answer is no probability. */
  readonly nan?: number;
}

let instructions: StubInstructions = {};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToEngine) => {
  if (message.type === 'load') load(message.options);
  else run(message);
});

function load({ modelPackage, device, fallback }: LoadOptions): void {
  const where = modelPackage.dir;
  // Over HTTP the folder is a real package, and the instructions lie in it.
  const file = `${where}/stub.json`;
  instructions = JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : where) as StubInstructions;
  const gpu = process.env['CUDA_VISIBLE_DEVICES'];
  if (instructions.devicesFile) appendFileSync(instructions.devicesFile, `${device} ${gpu ?? 'any'}\n`);
  for (const line of instructions.prints ?? []) process.stdout.write(`${line}\n`);
  const { failOn = gpu, failDevice = device } = instructions;
  const start = failOn === gpu && failDevice === device ? nextStart() : 'ready';
  if (start === 'exit') process.exit(3);
  if (start === 'hang') return;
  if (start !== 'ready') {
    send({ type: 'unable', stage: start, message: 'as told' });
    return;
  }
  const told = fallback === undefined ? {} : { fallback };
  const { provider = device, itemMs = 0 } = instructions;
  const info = { provider, ...told, loadMs: 1, warmupMs: 0, selfTestDeviation: 0, itemMs };
  void stampOf(modelPackage).then((stamp) => {
    send({ type: 'ready', info, stamp });
  });
}

/** The stamp of a real package; instructions in place of a folder have none. */
function stampOf(modelPackage: ModelPackage): Promise<string> {
  return existsSync(modelPackage.dir) ? stampPackage(modelPackage) : Promise.resolve('');
}

function nextStart(): StubStart {
  const { start = 'ready', failStarts = Infinity } = instructions;
  const count = countStart();
  if (count > failStarts) return 'ready';
  return typeof start === 'string' ? start : (start[count - 1] ?? 'ready');
}

/** How often a stub with these instructions was started, this time included. */
function countStart(): number {
  const { startsFile } = instructions;
  if (startsFile === undefined) return 1;
  appendFileSync(startsFile, '.');
  return readFileSync(startsFile).length;
}

function run({ id, batch }: Extract<ToEngine, { type: 'run' }>): void {
  const has = (token: number | undefined): boolean =>
    token !== undefined && batch.items.some(({ inputIds }) => inputIds.includes(token));
  if (has(instructions.poison)) process.exit(9);
  if (has(instructions.hang)) block(Infinity);
  block(instructions.runMs ?? 0);
  if (has(instructions.error)) {
    send({ type: 'error', id, message: `${basename(import.meta.filename)} was told to fail` });
    return;
  }
  const probabilities = new Float32Array(batch.items.length * 3);
  for (const [row, item] of batch.items.entries()) {
    const [yes, no] = stubAnswer(item.inputIds, firstByte(batch.images[item.image]));
    probabilities.set(has(instructions.nan) ? [NaN, 0, 0] : [yes, no, 1 - yes - no], row * 3);
  }
  send({ type: 'output', id, output: { probabilities, logScores: probabilities.map(Math.log) } });
}

/** The first byte of a picture: all that the answer tells of it. */
function firstByte(image: EngineImage | undefined): Uint8Array {
  if (image instanceof Uint8Array) return image;
  const byte = new Uint8Array(1);
  if (image !== undefined) copyPicture(image, byte);
  return byte;
}

/** An answer that tells which text and which picture it belongs to. */
export function stubAnswer(inputIds: readonly number[], pixels: Uint8Array): [number, number] {
  const text = inputIds.reduce((sum, id) => (sum * 31 + id) % 997, 7);
  return [text / 2000, (pixels[0] ?? 0) / 1000];
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function send(message: FromEngine): void {
  process.send?.(message);
}
