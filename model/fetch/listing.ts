import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { AttemptFailed, networkFailure, statusFailure } from './attempt.ts';
import { discard, type HttpAnswer, type HttpClient } from './http.ts';
import type { ModelSource } from './source.ts';

/** A file as the listing describes it. */
export interface ListedFile {
  /** Path in the model's repository, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/** What a model's repository holds, by name. */
export type Listing = ReadonlyMap<string, ListedFile>;

const fileSchema = z.object({
  Path: z.string(),
  Size: z.int().nonnegative(),
  Sha256: z.string().regex(/^[0-9a-f]{64}$/i),
});
/** Folders are listed too, and have no sum. Only the files that are needed must be described in full. */
const listingSchema = z.object({
  Data: z.object({ Files: z.array(z.looseObject({ Path: z.string(), Type: z.string().optional() })) }),
});
const refusalSchema = z.object({ Success: z.literal(false), Message: z.string().optional() });

/** A listing is some kilobytes; a server that sends more is not one. */
const MAX_LISTING_BYTES = 16 << 20;

/** Address of the list of files. */
export function listingUrl({ endpoint, id }: ModelSource, revision: string): string {
  const query = new URLSearchParams({ Revision: revision, Recursive: 'true' });
  return `${endpoint}/api/v1/models/${id}/repo/files?${query.toString()}`;
}

/** Address of one file. */
export function fileUrl({ endpoint, id }: ModelSource, revision: string, name: string): string {
  const query = new URLSearchParams({ Revision: revision, FilePath: name });
  return `${endpoint}/api/v1/models/${id}/repo?${query.toString()}`;
}

/**
 * Asks for the list of a model's files, once. Entries that are not described in full (folders among them) are
 * left out, and so are those whose path leads out of the repository.
 *
 * @throws UserError if there is no such model, or the answer is no listing
 * @throws AttemptFailed
 */
export async function readListing(
  client: HttpClient,
  source: ModelSource,
  revision: string,
  signal: AbortSignal,
): Promise<Listing> {
  const answer = await client.get(listingUrl(source, revision), { signal });
  const { status, host } = answer;
  if (status === 404) {
    await discard(answer);
    throw new UserError(
      'model-unknown',
      `${host} has no model ${source.id} with a revision ${revision}: check the id on the model's page.`,
    );
  }
  if (status !== 200) {
    await discard(answer);
    throw statusFailure({ status, host, retryAfter: answer.header('retry-after') }, 'the list of files');
  }
  return parseListing(await readText(answer, signal), source, host);
}

function parseListing(text: string, source: ModelSource, host: string): Listing {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const refusal = refusalSchema.safeParse(json);
  if (refusal.success) {
    const reason = printable(refusal.data.Message ?? 'no reason given');
    throw new UserError('model-unknown', `${host} refuses to list ${source.id}: ${reason}.`);
  }
  const listing = listingSchema.safeParse(json);
  if (!listing.success) {
    throw new UserError(
      'listing-unusable',
      `${host} does not answer as ModelScope's API does: check that the endpoint is the root of such an API.`,
      { cause: listing.error },
    );
  }
  const files = new Map<string, ListedFile>();
  for (const entry of listing.data.Data.Files) {
    const file = fileSchema.safeParse(entry);
    if (entry.Type === 'tree' || !file.success || !staysInside(file.data.Path)) continue;
    const { Path: name, Size: bytes, Sha256: sum } = file.data;
    files.set(name, { name, bytes, sha256: sum.toLowerCase() });
  }
  return files;
}

/** Whether a path from the outside stays in the folder that it is relative to, on any system. */
export function staysInside(name: string): boolean {
  if (name === '' || /[\\:\u0000-\u001f]/.test(name) || path.posix.isAbsolute(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

async function readText({ body, host }: HttpAnswer, signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MAX_LISTING_BYTES) break;
      pieces.push(piece);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw networkFailure(error, host);
  }
  if (bytes > MAX_LISTING_BYTES) {
    throw new AttemptFailed(`${host} sends a list of files without end`, { advice: 'check the endpoint' });
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** A server's words in one of our sentences: one line, not too long, no terminal's control characters. */
function printable(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, 200)
    .replace(/[.\s]+$/, '')
    .trim();
}
