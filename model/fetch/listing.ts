import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { RequestFailure } from './failures.ts';
import type { HttpClient, HttpResponse } from './http.ts';
import type { ModelSource } from './source.ts';

/** A file in the listing of a model's repository. */
export interface ListedFile {
  /** Path in the repository, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal, in lower case. */
  readonly sha256: string;
}

/** The files of a model's repository by name. */
export type Listing = ReadonlyMap<string, ListedFile>;

const fileSchema = z
  .object({
    Path: z.string().refine(staysInside),
    Size: z.int().nonnegative(),
    Sha256: z.string().regex(/^[0-9a-f]{64}$/i),
  })
  .transform(({ Path: name, Size: bytes, Sha256: sum }) => ({ name, bytes, sha256: sum.toLowerCase() }));
const listingSchema = z.object({ Data: z.object({ Files: z.array(z.object({}).loose()) }) });
const refusalSchema = z.object({ Success: z.literal(false), Message: z.string().optional() });

/** A listing takes some kilobytes; this keeps a wrong server from filling the memory. */
const MAX_LISTING_BYTES = 16 << 20;

/** Address of one file. */
export function fileUrl({ endpoint, id }: ModelSource, revision: string, name: string): string {
  const query = new URLSearchParams({ Revision: revision, FilePath: name });
  return `${endpoint}/api/v1/models/${id}/repo?${query.toString()}`;
}

/**
 * Requests the list of a model's files, once. Entries that are not described completely (folders among them) are left
 * out, and so are those whose path leads out of the repository.
 *
 * @throws UserError if there is no such model, or the response is no listing
 * @throws RequestFailure
 */
export async function readListing(
  client: HttpClient,
  { endpoint, id }: ModelSource,
  revision: string,
  signal: AbortSignal,
): Promise<Listing> {
  const query = new URLSearchParams({ Revision: revision, Recursive: 'true' });
  const response = await client.get(`${endpoint}/api/v1/models/${id}/repo/files?${query.toString()}`, signal);
  const { status, host } = response;
  if (status === 200) return parseListing(await readText(response), id, host);
  await response.discard();
  if (status !== 404) throw response.failure('the list of files');
  throw new UserError(
    'model-unknown',
    `${host} has no model ${id} with revision ${revision}: check the id on the model's page.`,
  );
}

function parseListing(text: string, id: string, host: string): Listing {
  const json = parseJson(text);
  const refusal = refusalSchema.safeParse(json);
  if (refusal.success) {
    const reason = printable(refusal.data.Message ?? 'no reason given');
    throw new UserError('model-unknown', `${host} refuses to list ${id}: ${reason}.`);
  }
  const listing = listingSchema.safeParse(json);
  if (!listing.success) {
    throw new UserError(
      'listing-unusable',
      `${host} does not answer like ModelScope's API: check that the endpoint is the root of such an API.`,
      { cause: listing.error },
    );
  }
  const files = listing.data.Data.Files.flatMap((entry) => fileSchema.safeParse(entry).data ?? []);
  return new Map(files.map((file) => [file.name, file]));
}

/** The value of a JSON text; undefined, which no such text has, if it is malformed. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether an untrusted relative path stays in its folder, on any operating system. */
export function staysInside(name: string): boolean {
  if (name === '' || /[\\:\u0000-\u001f]/.test(name) || path.posix.isAbsolute(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

async function readText({ body, host }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_LISTING_BYTES) {
      throw new RequestFailure(`${host} sends a list of files of more than ${MAX_LISTING_BYTES} bytes`, {
        advice: 'check the endpoint',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A server's message as part of a sentence: one short line without control characters. */
function printable(text: string): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, 200)
    .replace(/[.\s]+$/, '')
    .trim();
}
