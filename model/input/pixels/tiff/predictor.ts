const NO_PREDICTOR = 1;
const HORIZONTAL = 2;
const FLOATING_POINT = 3;

/** How the differences of a strip or tile were taken. */
export interface Prediction {
  readonly predictor: number;
  /** Bits of a sample. */
  readonly bits: number;
  /** Samples from one to the one that it was predicted from. */
  readonly step: number;
  readonly rowBytes: number;
  readonly littleEndian: boolean;
}

/** Whether there is such a predictor, for samples of this kind. */
export function isPredictable(predictor: number, bits: number, isFloat: boolean): boolean {
  if (predictor === NO_PREDICTOR) return true;
  if (predictor === HORIZONTAL) return bits === 8 || bits === 16 || bits === 32;
  return predictor === FLOATING_POINT && isFloat && bits === 32;
}

/**
 * Turns differences into samples, in place: TIFF 6.0, section 14, and Adobe's technical note 3.
 *
 * @param block whole rows
 * @returns whether the samples are little-endian now
 */
export function undoPrediction(block: Uint8Array, prediction: Prediction): boolean {
  const { predictor, bits, rowBytes, littleEndian } = prediction;
  if (predictor === NO_PREDICTOR) return littleEndian;
  for (let at = 0; at + rowBytes <= block.length; at += rowBytes) {
    const row = block.subarray(at, at + rowBytes);
    if (predictor === FLOATING_POINT) undoFloatingPoint(row, prediction.step, bits / 8);
    else if (bits === 8) addUp(row, prediction.step);
    else addUpWide(row, prediction);
  }
  return predictor === FLOATING_POINT || littleEndian;
}

function addUp(row: Uint8Array, step: number): void {
  for (let at = step; at < row.length; at++) row[at] = (row[at] ?? 0) + (row[at - step] ?? 0);
}

function addUpWide(row: Uint8Array, { bits, step, littleEndian }: Prediction): void {
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const bytes = bits / 8;
  for (let at = step * bytes; at < row.length; at += bytes) {
    const before = at - step * bytes;
    if (bits === 16) {
      view.setUint16(at, view.getUint16(at, littleEndian) + view.getUint16(before, littleEndian), littleEndian);
    } else {
      view.setUint32(at, view.getUint32(at, littleEndian) + view.getUint32(before, littleEndian), littleEndian);
    }
  }
}

/** The bytes of a row are differences, and in order of their significance: first the highest ones of all samples. */
function undoFloatingPoint(row: Uint8Array, step: number, bytes: number): void {
  addUp(row, step);
  const sorted = Uint8Array.from(row);
  const count = row.length / bytes;
  for (let index = 0; index < count; index++) {
    for (let byte = 0; byte < bytes; byte++)
      row[index * bytes + byte] = sorted[(bytes - 1 - byte) * count + index] ?? 0;
  }
}
