import { inspect } from 'node:util';
import { z } from 'zod';
import { staysInside } from '../inside.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import type { HttpResponse, HubClient } from './http.ts';
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
const listingSchema = z.object({ Data: z.object({ Files: z.array(z.unknown()) }) });
const refusalSchema = z.object({ Success: z.literal(false), Message: z.string() });

/** A listing takes some kilobytes; this keeps a wrong server from filling the memory. */
const MAX_LISTING_BYTES = 16 << 20;

/**
 * Requests the list of a model's files, once. Entries that are not described completely (folders among them) are left
 * out, and so are those whose path leads out of the repository.
 *
 * @throws UserError (listing-unusable), RequestFailure
 */
export async function readListing(client: HubClient, signal: AbortSignal): Promise<Listing> {
  const { id, revision } = client.source;
  const what = `model ${id} with revision ${revision}`;
  const response = await client.get('repo/files?Recursive=true', what, signal);
  const json = await readJson(response);
  const listing = listingSchema.safeParse(json).data;
  if (listing === undefined) {
    const refusal = refusalSchema.safeParse(json).data?.Message.slice(0, 200);
    // Without control characters, which would reach the terminal.
    const words = refusal === undefined ? '' : ` (${inspect(refusal)})`;
    const advice = "check the model's page, and that the endpoint is the root of a server with ModelScope's API";
    const message = `${response.host} sends no list of the files of ${id}${words}: ${advice}.`;
    throw new UserError('listing-unusable', message);
  }
  const files = listing.Data.Files.flatMap((entry) => fileSchema.safeParse(entry).data ?? []);
  return new Map(files.map((file) => [file.name, file]));
}

/**
 * Picks files by name.
 *
 * @throws UserError (listing-unusable) that names all missing files
 */
export function pickFiles(listing: Listing, names: readonly string[], { id, endpoint }: ModelSource): ListedFile[] {
  const missing = names.filter((name) => !listing.has(name)).join(', ');
  if (missing === '') return names.flatMap((name) => listing.get(name) ?? []);
  const from = `${id} on ${new URL(endpoint).host}`;
  const message = `${from} lacks files that compiling needs, or lists them without size and SHA-256: ${missing}.`;
  throw new UserError('listing-unusable', message);
}

/** The weights that compiling would read, or the index of their parts; names all accepted files if there are none. */
export function weightsName(listing: Listing): string {
  return WEIGHT_FILES.find((name) => listing.has(name)) ?? WEIGHT_FILES.join(' or ');
}

/** Undefined if the body is too long, or is not JSON. */
async function readJson({ body }: HttpResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_LISTING_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
