import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { docProgram } from '../../../testing/doc-programs.ts';
import { run, type Command } from '../rest/run.ts';
import { refuseFirst, RETRY_AFTER_SECONDS, type Refusal } from './refusing-server.ts';

/** Address of the service in the programs. */
const ADDRESS = 'http://localhost:8000';

const DEMO = fileURLToPath(new URL('../../../demo', import.meta.url));

/** How a program of docs/clients.md ended. */
export interface Run {
  /** What it printed; undefined if it failed. */
  readonly printed: string | undefined;
  /** Whether a second attempt came no sooner than `Retry-After` says. */
  readonly waits: boolean;
  readonly attempts: number;
}

/**
 * Runs a program of docs/clients.md in an empty folder with the demo's pictures.
 *
 * @param service address of the service
 * @param command the command that runs the file
 */
export async function runProgram(
  file: string,
  command: (file: string) => Command,
  { folder, service, refusal }: { readonly folder: string; readonly service: string; readonly refusal: Refusal },
): Promise<Run> {
  const server = await refuseFirst(service, refusal);
  try {
    mkdirSync(folder, { recursive: true });
    symlinkSync(DEMO, path.join(folder, 'demo'));
    const program = docProgram('clients.md', file);
    if (!program.includes(ADDRESS)) throw new Error(`${file} does not call ${ADDRESS}`);
    writeFileSync(path.join(folder, file), program.replaceAll(ADDRESS, server.url));
    const printed = await run(command(file), folder).catch((error: unknown) => {
      if (refusal === 'first, to be tried again') throw error;
      return undefined;
    });
    const [first = 0, second = Infinity] = server.attempts;
    return { printed, waits: second - first >= RETRY_AFTER_SECONDS * 1000, attempts: server.attempts.length };
  } finally {
    server.close();
  }
}
