import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  fetchModel,
  type FetchedFile,
  type FetchOptions,
  type FetchProgress,
  modelSource,
} from '../../../model/fetch/index.ts';
import type { ModelServer } from './model-server.ts';

/** What a fetch did besides its result. */
export interface FetchRun {
  readonly files: readonly FetchedFile[];
  readonly notes: readonly string[];
  readonly waits: readonly number[];
  readonly progress: readonly FetchProgress[];
}

/** Small pieces, so that the fixtures have many. */
export const PIECE = 256 << 10;

/** Fetches from a test's server; waits between attempts are noted, not waited for. */
export async function runFetch(
  server: Pick<ModelServer, 'endpoint' | 'id'>,
  folder: string,
  options: FetchOptions = {},
): Promise<FetchRun> {
  const notes: string[] = [];
  const waits: number[] = [];
  const progress: FetchProgress[] = [];
  const files = await fetchModel(modelSource(server.id, server.endpoint), folder, {
    pieceBytes: PIECE,
    onNote: (note) => notes.push(note),
    onProgress: (each) => progress.push(each),
    ...options,
    retries: {
      wait: (ms) => Promise.resolve(waits.push(ms)),
      ...options.retries,
    },
  });
  return { files, notes, waits, progress };
}

/** Whether a fetched file has the bytes that the server has. */
export function isSame(server: ModelServer, folder: string, name: string): boolean {
  const expected = server.files.get(name);
  const found = readFileSync(join(folder, name));
  return expected !== undefined && found.equals(expected.read(0, expected.bytes));
}

/** Breaks every connection on which the file is asked for, but for the first so many. */
export function breakAfter(server: ModelServer, name: string, requests: number): void {
  let count = 0;
  server.intercept = ({ file }, response) => {
    if (file !== name || ++count <= requests) return false;
    response.destroy();
    return true;
  };
}
