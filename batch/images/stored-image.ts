import type { InputFile } from '../storage/file.ts';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { RowError } from '../row-error.ts';

/** An image file that has been found, and not been read yet. */
export interface StoredImage {
  /** Bytes, or the most that it may have. */
  readonly size: number;
  /** @throws RowError; UserError `network-unreachable` if a service does not answer; the signal's reason */
  read(signal: AbortSignal): Promise<Uint8Array>;
  /** Closes what {@link read} did not read. */
  close?(): Promise<void>;
}

/** Finds the image files that rows name. */
export interface ImageSource {
  /** @throws RowError, or the signal's reason */
  find(name: string, signal: AbortSignal): Promise<StoredImage>;
}

/** The error of an image that cannot be read. */
export function unreadable(name: string, error: unknown): RowError {
  return new RowError('unreadable-image', `Cannot read the image ${shorten(name)}: ${reasonOf(error)}.`, 'image');
}

/** An image within a tar. */
export function memberImage(tar: InputFile, name: string, offset: number, size: number): StoredImage {
  return {
    size,
    read: async () => {
      const bytes = await tar.read(offset, offset + size).catch((error: unknown) => {
        throw error instanceof UserError ? error : unreadable(name, error);
      });
      if (bytes.length === size) return bytes;
      throw unreadable(name, new Error(`the tar ${tar.name} ends within it`));
    },
  };
}

/** @param bytes part of a buffer that has other things, too */
export function inMemory(bytes: Uint8Array): StoredImage {
  const copy = Uint8Array.from(bytes);
  return { size: copy.length, read: () => Promise.resolve(copy) };
}
