// Reads a file, and says what is wrong with it before it is sent.

const FORMATS = 'JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF';

/** How files of formats that the model reads begin, as characters of one byte. */
const READ = [
  /^\xff\xd8\xff/,
  /^\x89PNG\r\n\x1a\n/,
  /^RIFF[^]{4}WEBP/,
  /^[^]{4}ftyp([^]{4})*?avi[fs]/,
  /^GIF8[79]a/,
  /^BM[^]{12}[\f(48@l|]\0{3}/,
  /^(II[*+]\0|MM\0[*+])/,
];
/** How others begin, and what they are. @type {readonly (readonly [RegExp, string])[]} */
const OTHERS = [
  [/^[^]{4}ftyp([^]{4})*?(hei[cxms]|hev[cx]|mif1|msf1)/, 'a HEIC photo'],
  [/^[^]{4}ftypcrx /, 'a raw photo'],
  [/^[^]{4}ftyp/, 'a video'],
  [/^%PDF/, 'a PDF document'],
  [/^(\xef\xbb\xbf)?\s*<(svg|\?xml)/i, 'an SVG drawing'],
  [/^PK/, 'an archive'],
];

/**
 * Reads a picture into memory, so that what is asked about is what is shown, even if the file is changed or deleted.
 *
 * @param {File} file
 * @param {number} maxMb of a request
 * @returns {Promise<File>}
 * @throws {Error} that says what is wrong with the file as a picture
 */
export const readPicture = async (file, maxMb) => {
  const { name, size, type } = file;
  const mebibytes = size / 2 ** 20;
  if (mebibytes > maxMb) throw new Error(`${name} has ${Math.ceil(mebibytes)} MiB; at most ${maxMb} are accepted.`);
  const bytes = await file.arrayBuffer().catch(() => {
    throw new Error(`${name} cannot be read. Is it a folder, or has it been moved?`);
  });
  const head = String.fromCharCode(...new Uint8Array(bytes.slice(0, 256)));
  if (READ.some((start) => start.test(head))) return new File([bytes], name, { type });
  const kind = size === 0 ? 'empty' : OTHERS.find(([start]) => start.test(head))?.[1];
  throw new Error(`${name} is ${kind ?? 'in another format'}. The model reads ${FORMATS}.`);
};
