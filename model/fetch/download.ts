import { UserError } from '../errors.ts';
import { AttemptFailed, networkFailure, statusFailure } from './attempt.ts';
import { discard, type HttpAnswer, type HttpClient } from './http.ts';
import type { PartialFile, Piece } from './partial-file.ts';
import { retrying, type RetryPolicy } from './retry.ts';

/** What a download needs besides the file. */
export interface DownloadContext {
  readonly client: HttpClient;
  readonly retries: RetryPolicy;
  /** Pieces fetched at a time. */
  readonly connections: number;
  readonly signal: AbortSignal;
  /** Called with the bytes of each part that arrived. */
  readonly onBytes: (bytes: number) => void;
  readonly onNote: (note: string) => void;
}

/** The whole file came in place of the part that was asked for. */
class RangeIgnored extends AttemptFailed {}

/**
 * Fetches what a partial file lacks, several pieces at a time; from a server that ignores ranges, the whole at once.
 * What is there is recorded when this ends, however it ends.
 *
 * @throws UserError
 */
export async function download(url: string, partial: PartialFile, context: DownloadContext): Promise<void> {
  try {
    await fetchPieces(url, partial, context);
  } catch (error) {
    if (!(error instanceof RangeIgnored)) throw error;
    context.onNote(
      `The server sends ${partial.file.name} only as a whole: over one connection, and from its beginning after a break.`,
    );
    await partial.restart(true);
    await fetchWhole(url, partial, context);
  } finally {
    await partial.save();
  }
}

async function fetchPieces(url: string, partial: PartialFile, context: DownloadContext): Promise<void> {
  const lacking = partial.pieces.filter((piece) => piece.from + piece.done < piece.to);
  // One worker's failure ends the others.
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const work = async (): Promise<void> => {
    for (let piece = lacking.shift(); piece !== undefined; piece = lacking.shift()) {
      await fetchPieceSurely(url, partial, piece, { ...context, signal });
    }
  };
  const workers = Array.from({ length: Math.min(context.connections, lacking.length) }, async () => {
    try {
      await work();
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  });
  await Promise.allSettled(workers);
  // The first failure; the other workers were ended by it.
  signal.throwIfAborted();
}

/** @throws RangeIgnored if the server sends no parts, or always the whole file in place of this one */
async function fetchPieceSurely(
  url: string,
  partial: PartialFile,
  piece: Piece,
  context: DownloadContext,
): Promise<void> {
  const failures = { other: false };
  const attempt = async (): Promise<void> => {
    try {
      await fetchPiece(url, partial, piece, context);
    } catch (error) {
      failures.other ||= !(error instanceof RangeIgnored);
      throw error;
    }
  };
  try {
    const position = { at: () => piece.done, begun: () => partial.done > 0 };
    await retrying(context.retries, context.signal, attempt, position);
  } catch (error) {
    const last = error instanceof UserError ? error.cause : undefined;
    throw last instanceof RangeIgnored && !(last.again && failures.other) ? last : error;
  }
}

async function fetchWhole(url: string, partial: PartialFile, context: DownloadContext): Promise<void> {
  const attempt = async (): Promise<void> => {
    const [piece] = partial.pieces;
    if (piece === undefined) return;
    if (piece.done > 0) await partial.restart(true);
    await fetchPiece(url, partial, partial.pieces[0] ?? piece, context);
  };
  // Each attempt starts from the beginning, so none counts as progress; but the server is there.
  await retrying(context.retries, context.signal, attempt, { at: () => 0, begun: () => true });
}

async function fetchPiece(
  url: string,
  partial: PartialFile,
  piece: Piece,
  { client, signal, onBytes }: DownloadContext,
): Promise<void> {
  const from = piece.from + piece.done;
  const whole = from === 0 && piece.to === partial.file.bytes;
  const answer = await client.get(url, { signal, ...(!whole && { range: `bytes=${from}-${piece.to - 1}` }) });
  try {
    checkHead(answer, partial, whole ? undefined : { from, to: piece.to });
  } catch (error) {
    await discard(answer);
    throw error;
  }
  partial.ranged ||= answer.status === 206;
  const { body, host } = answer;
  for await (const bytes of orFailure(body as AsyncIterable<Buffer>, host, signal)) {
    if (piece.from + piece.done + bytes.length > piece.to) {
      throw new AttemptFailed(`${host} sends more of ${partial.file.name} than was asked for`, {
        again: true,
        advice: 'choose another endpoint',
      });
    }
    await partial.write(piece, bytes);
    onBytes(bytes.length);
  }
  if (piece.from + piece.done < piece.to) {
    throw new AttemptFailed(
      `${host} broke off ${partial.file.name} after ${piece.from + piece.done} of ${partial.file.bytes} bytes`,
      { again: true, advice: 'run the same command again, which goes on from there' },
    );
  }
}

/** A body's bytes; what breaks them off is an {@link AttemptFailed}. */
async function* orFailure(
  body: AsyncIterable<Buffer>,
  host: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const pieces = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        signal.throwIfAborted();
        throw networkFailure(error, host);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await pieces.return?.();
  }
}

/** Whether the answer is the file, or the part of it that was asked for. */
function checkHead(
  answer: HttpAnswer,
  { file, ranged }: PartialFile,
  range: { readonly from: number; readonly to: number } | undefined,
): void {
  const { status, host, header } = answer;
  if (status === 404) {
    throw new AttemptFailed(`${host} lists ${file.name} but does not have it`, { advice: 'try again later' });
  }
  const wanted = range === undefined ? 200 : 206;
  if (status !== wanted && status !== 200 && status !== 416) {
    throw statusFailure({ status, host, retryAfter: header('retry-after') }, file.name);
  }
  if (status !== 416) {
    const size =
      range === undefined || status === 200 ? header('content-length') : sizeInRange(answer, range);
    if (size === undefined || size === '*' || Number(size) === file.bytes) {
      if (status === wanted) return;
      throw new RangeIgnored(`${host} sends the whole of ${file.name} where a part was asked for`, {
        // By mistake, where it has sent parts.
        again: ranged,
        advice: 'run the same command again, which goes on from there',
      });
    }
  }
  throw new AttemptFailed(
    `${host} has a ${file.name} of another size than the ${file.bytes} bytes that it lists`,
    { code: 'download-corrupt', advice: 'run the same command again, or choose another endpoint' },
  );
}

/** The whole file's size as a Content-Range gives it. */
function sizeInRange({ header, host }: HttpAnswer, { from, to }: { from: number; to: number }): string {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header('content-range') ?? '') ?? [];
  if (size !== undefined && Number(first) === from && Number(last) === to - 1) return size;
  throw new AttemptFailed(`${host} sends another part of the file than was asked for`, {
    advice: 'choose another endpoint',
  });
}
