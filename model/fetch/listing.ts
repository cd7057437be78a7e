import { z } from 'zod';
import { staysInside } from '../compile/checkpoint/inside.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { RequestFailure, statusFailure } from './failures.ts';
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
const refusalSchema = z.object({ Success: z.literal(false), Message: z.string().default('no reason given') });

/** A listing takes some kilobytes; this keeps a wrong server from filling the memory. */
const MAX_LISTING_BYTES = 16 << 20;

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
  if (status !== 404) throw statusFailure(response, 'the list of files');
  throw new UserError(
    'model-unknown',
    `${host} has no model ${id} with revision ${revision}: check the id on the model's page, and set ` +
      'MODELSCOPE_API_TOKEN if the model is private.',
  );
}

/**
 * Picks files by name.
 *
 * @param from names the repository in the error's message
 * @throws UserError (listing-unusable) that names all missing files
 */
export function pickFiles(listing: Listing, names: readonly string[], from: string): ListedFile[] {
  const missing = names.filter((name) => !listing.has(name));
  if (missing.length === 0) return names.flatMap((name) => listing.get(name) ?? []);
  throw new UserError(
    'listing-unusable',
    `${from} lacks files that compiling needs, or lists them without size and SHA-256: ${missing.join(', ')}.`,
  );
}

/** The weights that compiling would read, or the index of their parts; names all accepted files if there are none. */
export function weightsName(listing: Listing): string {
  return WEIGHT_FILES.find((name) => listing.has(name)) ?? WEIGHT_FILES.join(' or ');
}

function parseListing(text: string, id: string, host: string): Listing {
  const json = parseJson(text);
  const refusal = refusalSchema.safeParse(json).data;
  if (refusal !== undefined) {
    throw new UserError('model-unknown', `${host} refuses to list ${id}: ${printable(refusal.Message)}.`);
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
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText({ body, host }: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_LISTING_BYTES) {
      const reason = `${host} sends a list of files of more than ${MAX_LISTING_BYTES} bytes`;
      throw new RequestFailure(reason, 'check the endpoint');
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
