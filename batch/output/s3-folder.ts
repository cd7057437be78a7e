import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { folderPrefix, listKeys, openS3File } from '../storage/s3-file.ts';
import { outage, parseS3, s3, s3Reason } from '../storage/s3.ts';
import { makeUploadFolder } from './files.ts';
import type { ResultFolder, WritableFolder } from './result-folder.ts';

/** A folder in a bucket. */
export function s3Folder(folder: string): ResultFolder {
  const { bucket, key } = parseS3(folder);
  const prefix = folderPrefix(key);
  const address = (name: string): string => `s3://${bucket}/${prefix}${name}`;
  return {
    name: folder,
    address,
    list: async () => {
      const keys = await listKeys(bucket, prefix).catch((error: unknown) => {
        const sentence = `Cannot read ${folder}`;
        const message = `${sentence}: ${s3Reason(error).message}.`;
        throw outage(sentence, error) ?? new UserError('input-unreadable', message, { cause: error });
      });
      return new Set(keys.map((each) => each.slice(prefix.length).replace(/\/.*/s, '')));
    },
    open: (name) => openS3File(address(name)),
  };
}

/**
 * A folder in a bucket to write into. Parts are collected on the disk and uploaded when they are complete, since objects
 * cannot be continued: a run that is killed computes its last part again. There is no lock; two runs of one input would
 * write the same parts.
 */
export async function writableS3Folder(folder: string): Promise<WritableFolder> {
  const inner = s3Folder(folder);
  const { folder: workFolder, remove } = await makeUploadFolder('ofa-ve-batch-');
  return {
    ...inner,
    workFolder,
    keepsWork: false,
    publish: (file, name) => uploadFile(file, inner.address(name)),
    close: remove,
  };
}

/**
 * Uploads a file in parts and removes it.
 *
 * @throws UserError `output-not-writable`, or `network-unreachable` if the service does not answer
 */
export async function uploadFile(file: string, address: string): Promise<void> {
  const { bucket, key } = parseS3(address);
  const [{ client }, { Upload }] = await Promise.all([s3(), import('@aws-sdk/lib-storage')]);
  try {
    await new Upload({ client, params: { Bucket: bucket, Key: key, Body: createReadStream(file) } }).done();
  } catch (error) {
    const sentence = `Cannot write ${address}`;
    const message = `${sentence}: ${s3Reason(error).message}.`;
    throw outage(sentence, error) ?? new UserError('output-not-writable', message, { cause: error });
  }
  await rm(file);
}
