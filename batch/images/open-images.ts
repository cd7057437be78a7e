import { UserError } from '../../model/errors.ts';
import { findFiles, openFile } from '../storage/files.ts';
import { isPattern, isTar } from '../storage/names.ts';
import { ImageFolder } from './image-folder.ts';
import { unreadable, type ImageSource } from './stored-image.ts';
import { TarImages } from './tar-images.ts';

interface ImageOptions {
  /** Whether paths and links may lead out of a folder. */
  readonly allowOutside: boolean;
}

/**
 * Opens what has the images that rows name.
 *
 * @param images a folder, a tar, or a pattern of tars; undefined if all rows have their images with them
 * @throws UserError `input-unreadable`
 */
export async function openImages(images: string | undefined, { allowOutside }: ImageOptions): Promise<ImageSource> {
  if (images === undefined) return { find: (name) => Promise.reject(unreadable(name, new Error('it is in no tar'))) };
  if (!isTar(images) && !isPattern(images)) return ImageFolder.open(images, allowOutside);
  const { names } = await findFiles(images, allowOutside);
  const other = names.find((name) => !isTar(name));
  if (other !== undefined) {
    const message = `--images is the pattern ${images}, which matches ${other}: only tars can be given by a pattern.`;
    throw new UserError('input-unreadable', message);
  }
  return TarImages.open(await Promise.all(names.map(openFile)));
}
