import { DECODER_WASM } from './decoder-wasm.ts';
import { instantiate, type WasmMemory } from '../../wasm.ts';

/** The exports of assembly/decoder.ts, where the parameters are documented. Addresses and sizes are in bytes. */
export interface ScanDecoder {
  readonly memory: WasmMemory;
  readonly decodeScan: (
    source: number,
    limit: number,
    copy: number,
    across: number,
    down: number,
    interval: number,
    components: number,
    block: number,
  ) => number;
  readonly convert: (components: number, width: number, height: number, scratch: number, target: number) => void;
}

let instance: ScanDecoder | undefined;

/** The decoder of this thread, compiled on the first call. */
export const scanDecoder = (): ScanDecoder => (instance ??= instantiate(DECODER_WASM) as ScanDecoder);
