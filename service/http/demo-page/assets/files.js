// Says of a file what is wrong with it before it is sent.

const FORMATS = 'JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF';

/** How files of formats that the model reads begin, as characters of one byte. */
const READ = [
  /^\xff\xd8\xff/,
  /^\x89PNG\r\n\x1a\n/,
  /^RIFF[^]{4}WEBP/,
  /^[^]{4}ftyp(avif|avis|mif1|miaf)/,
  /^GIF8[79]a/,
  /^BM/,
  /^(II[*+]\0|MM\0[*+])/,
];
/** How others begin, and what they are. @type {readonly (readonly [RegExp, string])[]} */
const OTHERS = [
  [/^[^]{4}ftyp(heic|heix|hevc|heim|heis)/, 'a HEIC photo'],
  [/^[^]{4}ftyp/, 'a video'],
  [/^%PDF/, 'a PDF document'],
  [/^(\xef\xbb\xbf)?\s*<(svg|\?xml)/i, 'an SVG drawing'],
  [/^PK/, 'an archive'],
];

/**
 * @param {File} file
 * @param {number} maxMb of a request
 * @returns {Promise<string | undefined>} what is wrong with the file as a picture, if anything is
 */
export const wrongWith = async (file, maxMb) => {
  const mebibytes = file.size / 2 ** 20;
  if (mebibytes > maxMb) return `${file.name} has ${Math.ceil(mebibytes)} MiB; at most ${maxMb} are accepted.`;
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  if (READ.some((start) => start.test(head))) return undefined;
  const kind = file.size === 0 ? 'empty' : OTHERS.find(([start]) => start.test(head))?.[1];
  return `${file.name} is ${kind ?? 'no picture'}. The model reads ${FORMATS}.`;
};
