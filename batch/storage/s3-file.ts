import picomatch from 'picomatch';
import { UserError } from '../../model/errors.ts';
import { notReadable, type FoundFiles, type InputFile } from './file.ts';
import { isPattern } from './names.ts';
import { headOf, outage, parseS3, readObject, readObjectBytes, s3, s3Reason, s3Status, type S3Address } from './s3.ts';

/** The error of an address of which no object can be read, or listed. */
function s3NotReadable(address: string, error: unknown): UserError {
  return outage(`Cannot read ${address}`, error) ?? notReadable(address, s3Reason(error));
}

/** Opens an object. @throws UserError `input-unreadable`; else as {@link outage} says */
export async function openS3File(address: string): Promise<InputFile> {
  const { bucket, key } = parseS3(address);
  const head = await headOf({ bucket, key }).catch((error: unknown) => {
    throw s3NotReadable(address, error);
  });
  const { ETag: etag, ContentLength: size = 0 } = head;
  const object = { bucket, key, etag };
  return {
    name: address,
    isLocal: false,
    size,
    stamp: `${etag ?? head.LastModified?.toISOString() ?? ''} ${size}`,
    stream: async function* () {
      try {
        yield* readObject({ ...object, start: 0, end: size });
      } catch (error) {
        throw s3NotReadable(address, error);
      }
    },
    read: (start, end) =>
      readObjectBytes({ ...object, start, end: Math.min(end, size) }).catch((error: unknown) => {
        throw outage(`Cannot read ${address}`, error) ?? s3Reason(error);
      }),
  };
}

/** As `findFiles`; a folder is what keys start with. */
export async function findS3Files(address: string): Promise<FoundFiles> {
  const { bucket, key } = parseS3(address);
  const prefix = folderPrefix(key);
  const list = (start: string): Promise<string[]> =>
    listKeys(bucket, start).catch((error: unknown) => {
      throw s3NotReadable(address, error);
    });
  const isFile = key !== '' && !key.endsWith('/') && (await exists(address).catch(unlessPattern(key, false)));
  if (isFile) return { kind: 'file', names: [address] };
  const keys = await list(prefix).catch(unlessPattern<string[]>(key, []));
  const names = keys.map((each) => each.slice(prefix.length)).filter((name) => !/(^|\/)\./.test(name));
  if (keys.length > 0) return { kind: 'folder', names };
  if (!isPattern(key)) throw notReadable(address, new Error('there is no such object, and none below it'));
  const { base } = picomatch.scan(key);
  const matches = picomatch(key, { dot: true });
  const found = (await list(base === '' ? '' : `${base}/`)).filter((name) => matches(name));
  if (found.length > 0) return { kind: 'pattern', names: found.map((name) => `s3://${bucket}/${name}`) };
  throw new UserError('input-unreadable', `No object matches the pattern ${address}.`);
}

/** A policy may deny to look for what has a pattern for its name, and allow to list what the pattern matches. */
function unlessPattern<T>(key: string, absent: T): (error: unknown) => T {
  return (error) => {
    if (isPattern(key)) return absent;
    throw error;
  };
}

/** Whether there are objects in a folder. @throws UserError `input-unreadable` */
export async function isS3Folder(address: string): Promise<boolean> {
  return hasObjects(parseS3(address)).catch((error: unknown) => {
    throw s3NotReadable(address, error);
  });
}

/** Whether there are objects in a folder. @throws the SDK's error */
export async function hasObjects({ bucket, key }: S3Address): Promise<boolean> {
  const { sdk, client, closing } = await s3();
  const list = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: folderPrefix(key) });
  const { KeyCount: count = 0 } = await client.send(list, { abortSignal: closing.signal });
  return count > 0;
}

/** What the keys of objects in a folder start with. */
export function folderPrefix(key: string): string {
  return key === '' || key.endsWith('/') ? key : `${key}/`;
}

/** Whether there is an object. @throws UserError `input-unreadable` */
export async function exists(address: string): Promise<boolean> {
  try {
    await headOf(parseS3(address));
    return true;
  } catch (error) {
    if (s3Status(error) === 404) return false;
    throw s3NotReadable(address, error);
  }
}

/** All keys that start with a prefix, in the order of their bytes. @throws the SDK's error */
export async function listKeys(bucket: string, prefix: string): Promise<string[]> {
  const { sdk, client, closing } = await s3();
  const keys: string[] = [];
  const input = { Bucket: bucket, Prefix: prefix };
  for await (const page of sdk.paginateListObjectsV2({ client }, input, { abortSignal: closing.signal })) {
    for (const { Key: key } of page.Contents ?? []) if (key !== undefined && !key.endsWith('/')) keys.push(key);
  }
  return keys;
}
