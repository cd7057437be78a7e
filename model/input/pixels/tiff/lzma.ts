/**
 * Decoder of LZMA2, from the specification of LZMA by Igor Pavlov and that of the .xz format. The output is the
 * dictionary, so nothing but the target is written.
 */

const TOP = 2 ** 24;
const HALF = 1024;
const STATES = 12;
const POSITION_STATES = 16;
const MATCH_MIN = 2;

/** Bits of probabilities of a tree that is read from its top. */
const tree = (bits: number): Uint16Array => new Uint16Array(1 << bits);

/** Lengths of matches: of 8 short, 8 middle and 256 long ones. */
class LengthCoder {
  readonly choices = tree(1);
  readonly short = Array.from({ length: POSITION_STATES }, () => tree(3));
  readonly middle = Array.from({ length: POSITION_STATES }, () => tree(3));
  readonly long = tree(8);

  reset(): void {
    for (const part of [this.choices, this.long, ...this.short, ...this.middle]) part.fill(HALF);
  }
}

/** What a chunk may keep from the one before it. */
export class LzmaDecoder {
  readonly #target: Uint8Array;
  #at: number;
  /** Where the dictionary starts. */
  #start: number;
  #input: Uint8Array = new Uint8Array();
  #from = 0;
  #range = 0;
  #code = 0;
  #state = 0;
  readonly #distances: [number, number, number, number] = [0, 0, 0, 0];
  #literalContextBits = 0;
  #literalPositionMask = 0;
  #positionMask = 0;
  #literals = new Uint16Array();
  readonly #isMatch = new Uint16Array(STATES * POSITION_STATES);
  readonly #isRepeat = new Uint16Array(STATES);
  readonly #isRepeat0 = new Uint16Array(STATES);
  readonly #isRepeat1 = new Uint16Array(STATES);
  readonly #isRepeat2 = new Uint16Array(STATES);
  readonly #isLongRepeat0 = new Uint16Array(STATES * POSITION_STATES);
  readonly #slots = Array.from({ length: 4 }, () => tree(6));
  readonly #specialDistances = new Uint16Array(128);
  readonly #align = tree(4);
  readonly #matchLengths = new LengthCoder();
  readonly #repeatLengths = new LengthCoder();

  /** @param at where in the target the output, and with it the dictionary, starts */
  constructor(target: Uint8Array, at: number) {
    this.#target = target;
    this.#at = at;
    this.#start = at;
  }

  /** Where the output ends so far. */
  get at(): number {
    return this.#at;
  }

  resetDictionary(): void {
    this.#start = this.#at;
  }

  /** @param properties the byte with the numbers of context bits; undefined keeps them */
  resetState(properties?: number): void {
    if (properties !== undefined) {
      if (properties >= 225) throw new RangeError('LZMA properties out of range');
      this.#literalContextBits = properties % 9;
      this.#literalPositionMask = (1 << (Math.floor(properties / 9) % 5)) - 1;
      this.#positionMask = (1 << Math.floor(properties / 45)) - 1;
      const contexts = (this.#literalPositionMask + 1) << this.#literalContextBits;
      // LZMA2 allows four bits of context together.
      if (contexts > 16) throw new RangeError('too many literal contexts for LZMA2');
      this.#literals = new Uint16Array(0x300 * contexts);
    }
    this.#state = 0;
    this.#distances.fill(0);
    for (const part of [this.#literals, this.#isMatch, this.#isRepeat, this.#isRepeat0, this.#isRepeat1])
      part.fill(HALF);
    for (const part of [this.#isRepeat2, this.#isLongRepeat0, this.#specialDistances, this.#align]) part.fill(HALF);
    for (const part of this.#slots) part.fill(HALF);
    this.#matchLengths.reset();
    this.#repeatLengths.reset();
  }

  /** Takes bytes over as they are. Those past the end of the target are left out. */
  copy(data: Uint8Array): void {
    const fitting = data.subarray(0, this.#target.length - this.#at);
    this.#target.set(fitting, this.#at);
    this.#at += fitting.length;
  }

  /**
   * Decodes a chunk, or as much of it as the target holds.
   *
   * @param length of the chunk when decoded
   * @throws RangeError if the data are damaged
   */
  decode(data: Uint8Array, length: number): void {
    this.#input = data;
    this.#from = 5;
    this.#range = 0xffff_ffff;
    this.#code = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(1);
    const end = Math.min(this.#at + length, this.#target.length);
    while (this.#at < end) this.#decodeSymbol(end);
  }

  #decodeSymbol(end: number): void {
    const positionState = (this.#at - this.#start) & this.#positionMask;
    const place = this.#state * POSITION_STATES + positionState;
    if (this.#bit(this.#isMatch, place) === 0) {
      this.#decodeLiteral();
      return;
    }
    let length: number;
    const distances = this.#distances;
    if (this.#bit(this.#isRepeat, this.#state) === 0) {
      length = this.#length(this.#matchLengths, positionState);
      this.#state = this.#state < 7 ? 7 : 10;
      const distance = this.#distance(Math.min(length - MATCH_MIN, 3));
      distances.copyWithin(1, 0, 3);
      distances[0] = distance;
    } else if (this.#bit(this.#isRepeat0, this.#state) === 0) {
      if (this.#bit(this.#isLongRepeat0, place) === 0) {
        length = 1;
        this.#state = this.#state < 7 ? 9 : 11;
      } else {
        length = this.#length(this.#repeatLengths, positionState);
        this.#state = this.#state < 7 ? 8 : 11;
      }
    } else {
      const which =
        this.#bit(this.#isRepeat1, this.#state) === 0 ? 1 : this.#bit(this.#isRepeat2, this.#state) === 0 ? 2 : 3;
      const distance = distances[which];
      distances.copyWithin(1, 0, which);
      distances[0] = distance;
      length = this.#length(this.#repeatLengths, positionState);
      this.#state = this.#state < 7 ? 8 : 11;
    }
    this.#repeat(distances[0], Math.min(length, end - this.#at));
  }

  #repeat(distance: number, length: number): void {
    const target = this.#target;
    const first = this.#at - distance - 1;
    if (first < this.#start) throw new RangeError('a match starts before the dictionary');
    for (let from = first, to = this.#at; from < first + length; from++, to++) target[to] = target[from] ?? 0;
    this.#at += length;
  }

  #decodeLiteral(): void {
    const position = this.#at - this.#start;
    const previous = position > 0 ? (this.#target[this.#at - 1] ?? 0) : 0;
    const context =
      ((position & this.#literalPositionMask) << this.#literalContextBits) +
      (previous >> (8 - this.#literalContextBits));
    const base = 0x300 * context;
    let symbol = 1;
    if (this.#state >= 7) {
      let matched = this.#target[this.#at - this.#distances[0] - 1] ?? 0;
      while (symbol < 0x100) {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const bit = this.#bit(this.#literals, base + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== expected) break;
      }
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, base + symbol);
    this.#target[this.#at++] = symbol;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #length(coder: LengthCoder, positionState: number): number {
    if (this.#bit(coder.choices, 0) === 0) return MATCH_MIN + this.#tree(coder.short[positionState], 3);
    if (this.#bit(coder.choices, 1) === 0) return MATCH_MIN + 8 + this.#tree(coder.middle[positionState], 3);
    return MATCH_MIN + 16 + this.#tree(coder.long, 8);
  }

  #distance(lengthState: number): number {
    const slot = this.#tree(this.#slots[lengthState], 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return base + this.#reverseTree(this.#specialDistances, base - slot, bits);
    let high = 0;
    for (let index = 4; index < bits; index++) high = high * 2 + this.#directBit();
    return (base >>> 0) + high * 16 + this.#reverseTree(this.#align, 0, 4);
  }

  #tree(probabilities: Uint16Array = this.#align, bits: number): number {
    let symbol = 1;
    for (let index = 0; index < bits; index++) symbol = (symbol << 1) | this.#bit(probabilities, symbol);
    return symbol - (1 << bits);
  }

  /** A tree that is read from its bottom. */
  #reverseTree(probabilities: Uint16Array, offset: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let index = 0; index < bits; index++) {
      const bit = this.#bit(probabilities, offset + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << index;
    }
    return value;
  }

  #bit(probabilities: Uint16Array, place: number): 0 | 1 {
    const probability = probabilities[place] ?? HALF;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      probabilities[place] = probability + ((2048 - probability) >> 5);
      this.#normalize();
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    probabilities[place] = probability - (probability >> 5);
    this.#normalize();
    return 1;
  }

  #directBit(): 0 | 1 {
    this.#range >>>= 1;
    const bit = this.#code >= this.#range ? 1 : 0;
    if (bit === 1) this.#code -= this.#range;
    this.#normalize();
    return bit;
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    const byte = this.#input[this.#from++];
    // One byte past the end is asked for, but not used, when the last symbol is done.
    if (byte === undefined && this.#from > this.#input.length + 1) throw new RangeError('the LZMA data end early');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | (byte ?? 0)) >>> 0;
  }
}
