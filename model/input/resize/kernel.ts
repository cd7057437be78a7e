import { instantiate, type WasmMemory } from '../wasm.ts';
import { KERNEL_WASM } from './kernel-wasm.ts';

/** The exports of assembly/kernel.ts, where the parameters are documented. Addresses and sizes are in bytes. */
export interface Kernel {
  readonly memory: WasmMemory;
  readonly horizontal: (
    source: number,
    sourceWidth: number,
    scratch: number,
    target: number,
    targetStride: number,
    columns: number,
    spans: number,
    weights: number,
  ) => void;
  readonly vertical: (source: number, stride: number, target: number, pairs: number, weights: number) => void;
}

let instance: Kernel | undefined;

/** The kernel of this thread, compiled on the first call. */
export const kernel = (): Kernel => (instance ??= instantiate(KERNEL_WASM) as Kernel);
