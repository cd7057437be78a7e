/** Why a command failed, as a closed set that programs can switch on. */
export type FailureCode =
  | 'checkpoint-unreadable'
  | 'checkpoint-unsafe'
  | 'checkpoint-incomplete'
  | 'checkpoint-unsupported'
  | 'package-unreadable'
  | 'package-exists'
  | 'vocabulary-invalid'
  | 'output-not-writable'
  | 'compile-check-failed'
  | 'input-unreadable'
  | 'settings-invalid'
  | 'address-unavailable'
  | 'engine-failed'
  | 'model-unknown'
  | 'listing-unusable'
  | 'network-unreachable'
  | 'download-failed'
  | 'download-corrupt'
  | 'disk-full'
  | 'interrupted';

/**
 * A failure that a user can act on. Its message is one sentence that names what is wrong and what would be
 * right; the command line prints that sentence alone, without a stack trace, and exits with 1.
 */
export class UserError extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.code = code;
  }
}
