import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

import { sourceFlags } from '../../../model/source-flags.ts';
import { openPictureFile } from '../session/picture-file.ts';
import { killOnExit } from './child-process.ts';
import { KEPT_MEMORY } from './kept-memory.ts';

/** How to fork an engine process. */
export interface EngineFork {
  /** Environment variables added to those of this process: which GPU it sees. */
  readonly environment?: Readonly<Record<string, string>>;
  /** File descriptor of the service's PictureStore, for the process to inherit. */
  readonly picturesFd?: number;
  /** The program to fork; tests use one that misbehaves. @default engine-program.ts */
  readonly program?: URL;
}

interface Spare {
  readonly child: ChildProcess;
  readonly picturesFd: number | undefined;
}

const SELF = import.meta.url;
const DEFAULT_PROGRAM = new URL(SELF.endsWith('.ts') ? './engine-program.ts' : './engine-program.js', SELF);

let spare: Spare | undefined;

/**
 * Forks an engine process in advance. An engine takes as long to load its modules as the service does; so both do it at
 * the same time. The process waits for its model, and is killed if no engine takes it or this process exits.
 *
 * @returns undefined if the system cannot start it
 */
export function forkSpareEngine(): ChildProcess | undefined {
  const picturesFd = openPictureFile();
  try {
    const child = forkEngine({ ...(picturesFd === undefined ? {} : { picturesFd }) });
    killOnExit(child);
    // Without a process there is no spare: the engine's own start says why.
    child.once('error', () => undefined);
    // A command that fails before it needs an engine ends, and the spare with it.
    for (const part of partsOf(child)) part.unref();
    spare = { child, picturesFd };
    return child;
  } catch {
    return undefined;
  }
}

/** The picture file that the spare engine has inherited, if there is one. */
export function sparePicturesFd(): number | undefined {
  return spare?.picturesFd;
}

/** The spare engine if it is what `options` describe, or else a new process. */
export function startEngine(options: EngineFork): ChildProcess {
  const { environment = {}, picturesFd, program } = options;
  const found = spare;
  spare = undefined;
  if (found === undefined) return forkEngine(options);
  const fits = program === undefined && picturesFd === found.picturesFd && Object.keys(environment).length === 0;
  if (fits && isRunning(found.child)) {
    for (const part of partsOf(found.child)) part.ref();
    return found.child;
  }
  found.child.kill('SIGKILL');
  return forkEngine(options);
}

/** Its channel alone is not enough: it is closed a while after the process has exited. */
function isRunning({ connected, exitCode, signalCode }: ChildProcess): boolean {
  return connected && exitCode === null && signalCode === null;
}

/** The parts of a child process that keep this one alive. */
function partsOf(child: ChildProcess): { ref(): void; unref(): void }[] {
  // Pipes are sockets, which the types do not say.
  const pipes = [child.stdout, child.stderr] as (Socket | null)[];
  return [child, child.channel, ...pipes].filter((part) => part !== null && part !== undefined);
}

function forkEngine({ program = DEFAULT_PROGRAM, environment, picturesFd }: EngineFork): ChildProcess {
  return fork(fileURLToPath(program), [], {
    env: { ...KEPT_MEMORY, ...process.env, ...environment },
    execArgv: sourceFlags(program),
    serialization: 'advanced',
    // The picture file comes last, as PICTURES_FD.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...(picturesFd === undefined ? [] : [picturesFd])],
  });
}
