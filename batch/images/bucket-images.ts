import path from 'node:path';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { exists, folderPrefix, hasObjects } from '../storage/s3-file.ts';
import {
  bodyOf,
  isS3,
  outage,
  parseS3,
  plainS3,
  readObjectBytes,
  s3,
  s3Reason,
  s3Status,
  type S3Address,
} from '../storage/s3.ts';
import { notFolder, outsideFolder } from './image-folder.ts';
import { unreadable, type ImageSource, type StoredImage } from './stored-image.ts';

/** Image files in buckets. */
export class BucketImages implements ImageSource {
  readonly #root: S3Address;
  readonly #allowOutside: boolean;

  private constructor(folder: string, allowOutside: boolean) {
    const { bucket, key } = parseS3(folder);
    this.#root = { bucket, key: folderPrefix(key) };
    this.#allowOutside = allowOutside;
  }

  /**
   * @param folder what relative names start from
   * @param allowOutside whether names may lead out of it
   * @throws UserError `input-unreadable` if nothing is in the folder, or its bucket cannot be read; not if it must not be
   *   listed; else as `outage` says
   */
  static async open(folder: string, allowOutside: boolean): Promise<BucketImages> {
    const isThere = await hasObjects(parseS3(folder)).catch((error: unknown) => {
      if (s3Status(error) === 403) return true;
      const sentence = `Cannot read the folder ${folder}`;
      const message = `${sentence}: ${s3Reason(error).message}.`;
      throw outage(sentence, error) ?? new UserError('input-unreadable', message, { cause: error });
    });
    if (isThere) return new BucketImages(folder, allowOutside);
    if (parseS3(folder).key !== '' && (await exists(folder).catch(() => false))) throw notFolder(folder);
    throw new UserError('input-unreadable', `Cannot read the folder ${folder}: there is no object in it.`);
  }

  /**
   * @param name the image's key, relative to the folder, or its address
   * @throws as {@link findObject}; RowError for an image outside of the folder
   */
  async find(name: string, signal: AbortSignal): Promise<StoredImage> {
    return findObject(name, this.#resolve(name), signal);
  }

  #resolve(name: string): S3Address {
    const { bucket, key } = this.#root;
    const object = isS3(name) ? addressOf(name) : { bucket, key: keyOf(key, name) };
    if (this.#allowOutside || (object.bucket === bucket && object.key.startsWith(key))) return object;
    throw outsideFolder(name);
  }
}

/** The key of a relative name. Unlike in the path of a file, `//` is not the same as `/` in a key. */
function keyOf(folder: string, name: string): string {
  const isPlain = !name.split('/').some((part) => part === '.' || part === '..');
  return isPlain ? folder + (folder === '' ? name : name.replace(/^\/+/, '')) : path.posix.join(folder, name);
}

/**
 * Finds an image file by its address alone, in any bucket.
 *
 * @throws as {@link findObject}
 */
export async function findInAnyBucket(address: string, signal: AbortSignal): Promise<StoredImage> {
  return findObject(address, addressOf(address), signal);
}

/** @throws RowError if no object can have the address: a row that is wrong must not end the run */
function addressOf(name: string): S3Address {
  const [, bucket, key] = /^s3:\/\/([\w.-]+)\/(.+)$/s.exec(plainS3(name)) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw unreadable(name, new Error('it must be s3://BUCKET/KEY'));
}

/**
 * @param name what the row calls the image
 * @throws RowError if there is no such image; UserError `network-unreachable` if the service does not answer, so that rows
 *   do not fail that would not fail later
 */
async function findObject(name: string, object: S3Address, signal: AbortSignal): Promise<StoredImage> {
  const { sdk, client } = await s3();
  const get = new sdk.GetObjectCommand({ Bucket: object.bucket, Key: object.key });
  const response = await client.send(get, { abortSignal: signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failure(name, error);
  });
  // Until it is read, it waits for memory: if it breaks meanwhile, reading it asks for the rest again.
  bodyOf(response).on('error', () => undefined);
  const { ContentLength: size = 0, ETag: etag } = response;
  const range = { ...object, etag, start: 0, end: size };
  return {
    size,
    read: (reading) =>
      readObjectBytes(range, { begun: response, signal: reading }).catch((error: unknown) => {
        reading.throwIfAborted();
        throw failure(name, error);
      }),
    close: () => {
      bodyOf(response).destroy();
      return Promise.resolve();
    },
  };
}

function failure(name: string, error: unknown): Error {
  return outage(`Cannot read the image ${shorten(name)}`, error) ?? unreadable(name, s3Reason(error));
}
