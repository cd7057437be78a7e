import { UserError } from '../../model/errors.ts';
import { findFiles, isFolder, openFile } from '../storage/files.ts';
import { isPattern, isTar } from '../storage/names.ts';
import { isS3 } from '../storage/s3.ts';
import { BucketImages, findInAnyBucket } from './bucket-images.ts';
import { ImageFolder, outsideFolder } from './image-folder.ts';
import { unreadable, type ImageSource } from './stored-image.ts';
import { TarImages } from './tar-images.ts';
import { WebImages } from './web-images.ts';

interface ImageOptions {
  /** Whether paths, links and addresses of S3 may lead out of a folder. */
  readonly allowOutside: boolean;
  /** Hosts that https addresses may name. */
  readonly hosts: readonly string[];
  /** Largest image file, in MiB. */
  readonly maxMib: number;
  /** Ends the reading of tars' lists of files. */
  readonly signal: AbortSignal;
}

/** How an address begins; those of Hadoop's local files and of data have no slashes. */
const ADDRESS = /^(?:[a-z][a-z0-9+.-]+:\/\/|file:\/|data:[^,/]*(?:\/[^,]*)?,)/i;

/**
 * Opens what has the images that rows name: by paths in what is given here, or by addresses.
 *
 * @param images a folder, a tar, or a pattern of tars, on a disk or in a bucket; undefined if all rows have their images
 *   with them
 * @throws UserError `input-unreadable`
 */
export async function openImages(
  images: string | undefined,
  options: ImageOptions,
): Promise<ImageSource & { close(): Promise<void> }> {
  const web = new WebImages(options);
  const local = await openLocal(images, options);
  const find: ImageSource['find'] = (name, signal) => {
    if (!ADDRESS.test(name)) return local.find(name, signal);
    if (!isS3(name)) return web.find(name);
    if (local instanceof BucketImages) return local.find(name, signal);
    return options.allowOutside ? findInAnyBucket(name, signal) : Promise.reject(outsideFolder(name));
  };
  return { find, close: () => web.close() };
}

async function openLocal(images: string | undefined, { allowOutside, signal }: ImageOptions): Promise<ImageSource> {
  if (images === undefined) return { find: (name) => Promise.reject(unreadable(name, new Error('it is in no tar'))) };
  const isTars = isPattern(images) ? !(await isFolder(images)) : isTar(images);
  if (!isTars) {
    return isS3(images) ? BucketImages.open(images, allowOutside) : ImageFolder.open(images, allowOutside);
  }
  const { names } = await findFiles(images, allowOutside);
  const other = names.find((name) => !isTar(name));
  if (other !== undefined) {
    const message = `--images is the pattern ${images}, which matches ${other}: only tars can be given by a pattern.`;
    throw new UserError('input-unreadable', message);
  }
  return TarImages.open(await Promise.all(names.map(openFile)), signal);
}
