/** Bytes at the start of a file that tell its kind. */
export const HEAD_BYTES = 512;

const PAGE = /^\s*<(?:!doctype html|html|head|\?xml)/i;

/** Archives and compressed files, which users pack checkpoints into, by their first bytes. */
const PACKED: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
];

/**
 * What a file is that was saved or downloaded instead of the one that was meant, and what to do about it, as the end of
 * a sentence that starts with its path; undefined if it may be the right one.
 *
 * @param head its first {@link HEAD_BYTES}, or all if there are fewer
 */
export function foreignFile(head: Uint8Array): string | undefined {
  const text = new TextDecoder('latin1').decode(head);
  if (text === '') return 'is empty; download it again.';
  if (text.startsWith('version https://git-lfs')) {
    return 'is a Git LFS pointer, not the file itself; fetch the file with git lfs pull.';
  }
  if (PAGE.test(text))
    return 'is a web page, not the file itself; download it again, after a login if its site asks for one.';
  // The length of a safetensors header can begin with any bytes.
  if (isSafetensors(head)) return undefined;
  const packed = PACKED.find(([, bytes]) => bytes.every((byte, at) => head[at] === byte))?.[0];
  const kind = text.startsWith('ustar', 257) ? 'tar' : packed;
  return kind === undefined ? undefined : `is packed with ${kind}; unpack it.`;
}

/** Whether a file begins like one of safetensors: eight bytes with the length of a JSON object, and the object. */
export function isSafetensors(head: Uint8Array): boolean {
  // A header of 4 GiB is far above the format's limit.
  return head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0);
}

/** Whether a file begins like one that torch.save wrote: with a zip archive's signature, or a pickle's (protocols 2 to 5). */
export function isTorchFile(head: Uint8Array): boolean {
  // The length of a safetensors header can begin with these bytes, too.
  if (isSafetensors(head)) return false;
  return (head[0] === 0x50 && head[1] === 0x4b) || (head[0] === 0x80 && [2, 3, 4, 5].includes(head[1] ?? 0));
}
