/** A string of a JSON body that is longer than any text may be: an image in base64, or a mistake. */
export class LongText {
  /** What it stands for in base64; undefined where it is none. */
  readonly bytes: Uint8Array | undefined;

  constructor(bytes: Uint8Array | undefined) {
    this.bytes = bytes;
  }
}
