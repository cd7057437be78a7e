import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FetchedFile, FetchOptions, FetchProgress } from '../../../model/fetch/downloader.ts';
import { fetchModel } from '../../../model/fetch/fetch-model.ts';
import { modelSource } from '../../../model/fetch/source.ts';
import type { ModelServer } from './model-server.ts';

export const WEIGHTS = 'pytorch_model.bin';

/** The result of a fetch and everything that it reported. */
export interface FetchRun {
  readonly files: readonly FetchedFile[];
  readonly notes: readonly string[];
  readonly waits: readonly number[];
  readonly progress: readonly FetchProgress[];
}

interface RunOptions extends Partial<FetchOptions> {
  readonly stallMs?: number;
}

/** Where a test fetches from. */
type Server = Pick<ModelServer, 'endpoint' | 'id'> & { readonly token?: string; readonly revision?: string };

/** Fetches from a test's server. Waits between attempts are recorded instead of waited for. */
export async function runFetch(
  { id, endpoint, token, revision = 'master' }: Server,
  folder: string,
  { stallMs, ...options }: RunOptions = {},
): Promise<FetchRun> {
  const notes: string[] = [];
  const waits: number[] = [];
  const progress: FetchProgress[] = [];
  const source = modelSource(id, revision, endpoint, token);
  const defaults: FetchOptions = {
    caches: [],
    signal: new AbortController().signal,
    onNote: (note) => notes.push(note),
    onProgress: (each) => progress.push(each),
    wait: (ms) => Promise.resolve(waits.push(ms)),
  };
  const files = await fetchModel(source, folder, { ...defaults, ...options }, stallMs);
  return { files, notes, waits, progress };
}

/** The error that a fetch ends with. */
export async function failureOf(
  server: Server,
  folder: string,
  options: RunOptions = {},
): Promise<{ code: string; message: string }> {
  const error: unknown = await runFetch(server, folder, options).then(
    () => new Error('The fetch succeeded.'),
    (reason: unknown) => reason,
  );
  return error as { code: string; message: string };
}

/** Whether a fetched file has the bytes that the server has. */
export function isSame(server: ModelServer, folder: string, name: string): boolean {
  const expected = server.files.get(name);
  const found = readFileSync(join(folder, name));
  return expected !== undefined && found.equals(expected.read(0, expected.bytes));
}

/** Where the weights are until they are complete. */
export function partialPath(server: ModelServer, folder: string): string {
  const { sha256 = '' } = server.files.get(WEIGHTS) ?? {};
  return join(folder, `${WEIGHTS}.${sha256.slice(0, 12)}.partial`);
}

/** Writes the first bytes of the weights as an earlier run leaves them. */
export function leavePartial(server: ModelServer, folder: string, bytes: number): void {
  writeFileSync(partialPath(server, folder), server.files.get(WEIGHTS)?.read(0, bytes) ?? '');
}
