import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { formatOf, IMAGE_FORMATS, type ImageFormat } from '../../../../model/image-format.ts';

const ASSETS = new URL('../../../../service/http/demo-page/assets/', import.meta.url);

/** How a file of each format begins. */
const STARTS: Readonly<Record<ImageFormat, string>> = {
  jpeg: '\xff\xd8\xff\xe0',
  png: '\x89PNG\r\n\x1a\n',
  webp: 'RIFF\x24\0\0\0WEBP',
  avif: '\0\0\0\x1cftypavif\0\0\0\0',
  gif: 'GIF89a',
  bmp: `BM${'\0'.repeat(12)}\x28\0\0\0`,
  tiff: 'II*\0',
};

interface PictureFiles {
  readonly readPicture: (file: File, maxMb: number) => Promise<File>;
}
const { readPicture } = (await import(new URL('files.js', ASSETS).href)) as PictureFiles;

const fileOf = (start: string): File => new File([Buffer.from(start, 'latin1')], 'picture');

describe.each(Object.entries(STARTS))('the page takes files as %s', (format, start) => {
  it('that the service takes for that by their first bytes', async () => {
    expect(formatOf(Buffer.from(start, 'latin1'))).toBe(format);
    await expect(readPicture(fileOf(start), 1)).resolves.toHaveProperty('size', start.length);
  });

  it('and offers them where one is chosen', async () => {
    const accepted = /accept="([^"]*)"/.exec(await readFile(new URL('index.html', ASSETS), 'utf8'))?.[1]?.split(',');
    expect(accepted).toContain(`image/${format}`);
  });
});

it('names the formats of the service when it refuses another', async () => {
  await expect(readPicture(fileOf('MZ'), 1)).rejects.toThrow(`The model reads ${IMAGE_FORMATS}.`);
});
