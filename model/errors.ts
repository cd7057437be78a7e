import { echo } from './echo.ts';

/**
 * Why a command failed: a closed set that programs can switch on, each with what causes it and what to do about it. The
 * reference page is generated from this table.
 */
export const FAILURES = {
  'checkpoint-unreadable':
    'A file of the checkpoint is damaged or not in the format that its name promises. Fetch it again.',
  'checkpoint-unsafe':
    'The checkpoint asks to run code, or names a file outside its folder. Neither was done; do not use it.',
  'checkpoint-incomplete': 'A file or a tensor of the checkpoint is missing. Fetch the whole model.',
  'checkpoint-unsupported':
    'The checkpoint uses an option, or has tensors, that the compiler does not support; the message names it.',
  'package-unreadable':
    'The folder is not a model package, or belongs to another version. Compile the checkpoint again.',
  'package-damaged':
    'A file of the model package is not the one that was compiled, or the folder was replaced while it was in use. Copy or compile the package again.',
  'package-exists': 'The target folder is already there. Choose another one, or replace a package with `--force`.',
  'vocabulary-invalid': 'The vocabulary and the merges of the checkpoint do not fit each other or the model.',
  'output-not-writable': 'The result cannot be written. Check the folder and its permissions.',
  'compile-check-failed':
    "The compiled graph fails the compiler's own check, in half precision mostly by overflow. Compile for fp32.",
  'input-unreadable': 'A file or text given to the command cannot be read or used.',
  'settings-invalid': 'A setting or option has an unknown name or a wrong value; the message says what is accepted.',
  'machine-unsuitable':
    'The machine or container lacks what the settings ask for: a GPU for DEVICE, as many GPUs as ENGINES, or open files. The message says what would help.',
  'address-unavailable': 'The address to listen on is taken or not allowed. Choose another HOST or PORT.',
  'runtime-unavailable':
    'ONNX Runtime cannot be loaded on this machine. The message says why, and which machines it has libraries for.',
  'engine-failed': 'The engine could not start or compute. The message and the log have the cause.',
  'model-unknown': 'The hub has no such model or revision.',
  'listing-unusable': "The hub's listing of the model lacks a needed file, or names one that cannot be used.",
  'network-unreachable':
    'The server cannot be reached, or no longer accepts the credentials. Check the network, the proxy settings and the credentials.',
  'download-failed': 'The server refused or broke off a download. Run the command again: it resumes.',
  'download-corrupt': 'A fetched file does not have the SHA-256 that the hub lists. Fetch it again.',
  'disk-full': 'The disk has no room for the files. Free some, or choose another folder.',
  'too-many-failures': 'More rows failed than `--max-failures` allows. Correct the input, or allow more.',
  interrupted: 'The command was interrupted. What it had fetched or computed is kept for the next run.',
} as const;

/** See {@link FAILURES}. */
export type FailureCode = keyof typeof FAILURES;

/**
 * An error that a user can act on. Its message is a sentence that names what is wrong and what would be right. The
 * command line prints only the message, without a stack trace, and exits with {@link exitCodeOf}.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(echo(message), options);
    this.code = code;
  }
}

/** Exit codes of commands; `usage` is for wrong options and settings. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The exit code of a command that ends with an error. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof UserError)) return EXIT.failed;
  if (error.code === 'interrupted') return EXIT.interrupted;
  return error.code === 'settings-invalid' ? EXIT.usage : EXIT.failed;
}
