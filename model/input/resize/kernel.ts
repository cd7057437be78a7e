import { KERNEL_WASM } from './kernel-wasm.ts';

const PAGE_BYTES = 65_536;

/** The exports of assembly/kernel.ts, where the parameters are documented. Addresses and sizes are in bytes. */
export interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
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

/** The part of the WebAssembly API that is used. TypeScript declares it for browsers only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

let instance: Kernel | undefined;

/** The kernel of this thread, compiled on the first call. */
export function kernel(): Kernel {
  if (instance === undefined) {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
    // The module is the project's own and a test compares it with its source, so its exports are known.
    instance = new Instance(new Module(Buffer.from(KERNEL_WASM, 'base64'))).exports as Kernel;
  }
  return instance;
}

/** Allocates consecutive blocks of the kernel's memory, aligned to 16 bytes. */
export class Layout {
  #end = 0;

  /** Allocates `bytes` bytes and returns their address. */
  take(bytes: number): number {
    const start = this.#end;
    this.#end = Math.ceil((start + bytes) / 16) * 16;
    return start;
  }

  /** Grows the memory to what was allocated. Existing views of it become invalid. */
  ensure(memory: Kernel['memory']): void {
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}
