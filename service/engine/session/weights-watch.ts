import { fstatSync } from 'node:fs';
import { openRegularSync } from '../../../model/regular-file.ts';

/**
 * Notices when the weights are written while a session uses them. ONNX Runtime maps their file, so that whoever writes
 * to it, as `cp` over a package does, changes answers from then on. A file that is replaced by renaming another is
 * harmless: the old one stays mapped.
 */
export class WeightsWatch {
  readonly #fd: number;
  readonly #stamp: string;

  /** @param file the weights; call it before they are loaded */
  constructor(file: string) {
    this.#fd = openRegularSync(file);
    this.#stamp = this.#read();
  }

  /** @throws Error if the file has been written. Takes microseconds: call it after each run, before its answer is used */
  check(): void {
    if (this.#read() !== this.#stamp) throw new Error('the weights were written while the engine used them');
  }

  #read(): string {
    const { size, mtimeNs } = fstatSync(this.#fd, { bigint: true });
    return `${size} ${mtimeNs}`;
  }
}
