const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EEXIST: 'a file with this name is already there',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'permission denied (EPERM)',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the file system or a limit allows',
  ENOTDIR: 'part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the path, or a name in it, is too long',
  // What Linux says when a socket is opened, or a device that does not exist.
  ENXIO: 'it is a socket or a device, not a regular file',
};

/** Whether a file system call failed because there is no room. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Why a file system call failed, as the end of a sentence without a full stop. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!(error instanceof Error)) return String(error);
  // The sentence has the path already.
  return REASONS[code] ?? ('syscall' in error ? error.message.replace(/, \w+ '.*'$/s, '') : error.message);
}
