const PAGE_BYTES = 65_536;

/** A module's memory. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the WebAssembly API that is used. TypeScript declares it for browsers only. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/**
 * Compiles one of the project's own modules. A test compares each with its source, so its exports are known to the
 * caller.
 *
 * @param base64 the module
 * @returns its exports
 */
export function instantiate(base64: string): unknown {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  return new Instance(new Module(Buffer.from(base64, 'base64'))).exports;
}

/** Allocates consecutive blocks of a module's memory, aligned to 16 bytes. */
export class Layout {
  #end: number;

  /** @param start bytes at the beginning that stay free */
  constructor(start = 0) {
    this.#end = start;
  }

  /** Allocates `bytes` bytes and returns their address. */
  take(bytes: number): number {
    const start = this.#end;
    this.#end = Math.ceil((start + bytes) / 16) * 16;
    return start;
  }

  /** Grows the memory to what was allocated. Existing views of it become invalid. */
  ensure(memory: WasmMemory): void {
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}
