import { appendFileSync, closeSync, openSync } from 'node:fs';
import { onDisk } from './disk.ts';
import { RequestFailure } from './failures.ts';
import type { HttpClient, HttpResponse } from './http.ts';
import type { ListedFile } from './listing.ts';

/** A file that is being downloaded. */
export interface Download {
  readonly file: ListedFile;
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
export async function receive(
  url: string,
  download: Download,
  { client, signal, onBytes, onNote }: ReceiveContext,
): Promise<void> {
  const { file, target, partial } = download;
  if (download.received > 0 && download.received === file.bytes) return;
  const response = await client.get(url, signal, download.received);
  const failure = checkHeaders(response, download);
  if (failure !== undefined) {
    await response.discard();
    throw failure;
  }
  const { host, status, body } = response;
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
  throw new RequestFailure(`${host} sent only ${download.received} of the ${file.bytes} bytes of ${file.name}`, {
    retryable: true,
    advice: 'run the same command again to resume',
  });
}

/** Checks that a response is the file, or the rest of it. */
function checkHeaders(response: HttpResponse, { file, received }: Download): RequestFailure | undefined {
  const { status, host, header } = response;
  const encoding = header('content-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    return new RequestFailure(`${host} sends ${file.name} in the encoding ${encoding}, which was not requested`, {
      advice: 'choose another endpoint, or a proxy that does not alter files',
    });
  }
  if (status === 200) {
    return Number(header('content-length') ?? file.bytes) === file.bytes ? undefined : wrongSize(host, file);
  }
  if (status === 206) {
    const [, first, size = '*'] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header('content-range') ?? '') ?? [];
    if (size !== '*' && Number(size) !== file.bytes) return wrongSize(host, file);
    if (Number(first) === received) return undefined;
    return new RequestFailure(`${host} sends another range of ${file.name} than was requested`, {
      advice: 'choose another endpoint',
    });
  }
  if (status === 416) return wrongSize(host, file);
  if (status !== 404) return response.failure(file.name);
  return new RequestFailure(`${host} lists ${file.name} but does not have it`, { advice: 'try again later' });
}

function wrongSize(host: string, { name, bytes }: ListedFile): RequestFailure {
  return new RequestFailure(`${host} has a ${name} of another size than the ${bytes} bytes in its listing`, {
    code: 'download-corrupt',
    advice: 'run the same command again, or choose another endpoint',
  });
}
