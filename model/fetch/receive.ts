import { appendFileSync, closeSync, openSync } from 'node:fs';
import { onDisk } from './disk.ts';
import { RequestFailure, statusFailure } from './failures.ts';
import type { HttpClient, HttpResponse } from './http.ts';
import type { ListedFile } from './listing.ts';

/** A file that is being downloaded. */
export interface Download {
  readonly file: ListedFile;
  readonly url: string;
  /** Where the file belongs. */
  readonly target: string;
  /** Holds the first bytes of the file until it is complete. */
  readonly partial: string;
  /** Number of bytes in `partial`. */
  received: number;
}

export interface ReceiveContext {
  readonly client: HttpClient;
  readonly signal: AbortSignal;
  /** Called with the length of each chunk that arrived. */
  readonly onBytes: (bytes: number) => void;
  readonly onNote: (note: string) => void;
}

/**
 * Requests what is missing of a file, once, and appends it to what is there. A server that does not support ranges
 * sends the file from its start.
 *
 * @throws RequestFailure
 * @throws UserError (disk-full, output-not-writable)
 */
export async function receive(download: Download, { client, signal, onBytes, onNote }: ReceiveContext): Promise<void> {
  const { file, url, target, partial } = download;
  if (download.received > 0 && download.received === file.bytes) return;
  const response = await client.get(url, signal, download.received);
  const { host, status, body } = response;
  const failure = refusal(response, download);
  if (failure !== undefined) {
    await response.discard();
    throw failure;
  }
  if (status === 200 && download.received > 0) {
    onNote(`${host} cannot resume ${file.name}: downloading it again from the start.`);
    download.received = 0;
  }
  await onDisk(target, async () => {
    // Synchronous calls, so that the body is never left waiting for the disk: see BODY_BUFFER_BYTES.
    const handle = openSync(partial, download.received === 0 ? 'w' : 'a');
    try {
      for await (const chunk of body) {
        if (download.received + chunk.length > file.bytes) throw wrongSize(host, file);
        appendFileSync(handle, chunk);
        download.received += chunk.length;
        onBytes(chunk.length);
      }
    } finally {
      closeSync(handle);
    }
  });
  if (download.received === file.bytes) return;
  const reason = `${host} sent only ${download.received} of the ${file.bytes} bytes of ${file.name}`;
  throw new RequestFailure(reason, 'run the same command again to resume', { retryable: true });
}

/** Describes a response that is not the file, or not the rest of it. */
function refusal(response: HttpResponse, { file, received }: Download): RequestFailure | undefined {
  const { status, host, header } = response;
  const encoding = header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    const reason = `${host} sends ${file.name} in the encoding ${encoding}, which was not requested`;
    return new RequestFailure(reason, 'choose another endpoint, or a proxy that does not alter files');
  }
  if (status === 404) return new RequestFailure(`${host} lists ${file.name} but does not have it`, 'try again later');
  if (status !== 200 && status !== 206 && status !== 416) return statusFailure(response, file.name);
  const [, first, total] = /^bytes (\d+)-\d+\/(?:(\d+)|\*)$/.exec(header('content-range') ?? '') ?? [];
  const size = status === 200 ? header('content-length') : total;
  if (status === 416 || Number(size ?? file.bytes) !== file.bytes) return wrongSize(host, file);
  if (status === 200 || Number(first) === received) return undefined;
  return new RequestFailure(
    `${host} sends another range of ${file.name} than was requested`,
    'choose another endpoint',
  );
}

function wrongSize(host: string, { name, bytes }: ListedFile): RequestFailure {
  return new RequestFailure(
    `${host} has a ${name} of another size than the ${bytes} bytes in its listing`,
    'run the same command again, or choose another endpoint',
    { code: 'download-corrupt' },
  );
}
