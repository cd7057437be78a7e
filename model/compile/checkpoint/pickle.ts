import { PickleError, type PickleReader } from './pickle-reader.ts';

/** A Python tuple. */
export class Tuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A Python class or function. It is only a name: there is nothing behind it that could be called. */
export class Global {
  readonly name: string;

  /** @param name dotted, with the module first */
  constructor(name: string) {
    this.name = name;
  }
}

/** Decides what a pickle may do. Each method throws for what it does not allow. */
export interface PickleHost {
  /** Called for every global that the pickle names. */
  allow(global: Global): void;
  /** Returns the result of calling an allowed global. */
  call(global: Global, args: readonly unknown[]): unknown;
  /** Returns the value of a persistent id. */
  persistent(id: unknown): unknown;
  /** Called where the pickle sets the state of an object. */
  setState(target: unknown, state: unknown): void;
}

/** More than any state dict needs. Bounds time and memory. */
const MAX_INSTRUCTIONS = 2_000_000;

const MARK = Symbol('mark');

/**
 * Interprets the part of Python's pickle format (protocols 2 to 5) that plain data and tensors need. Unlike
 * Python's, this machine cannot import, call or create anything by itself: globals remain names, and the host
 * decides what a call or a persistent id means. Dictionaries become Maps, so that no key can reach a prototype.
 * Opcodes that plain data does not need are errors.
 */
class Machine {
  readonly #reader: PickleReader;
  readonly #host: PickleHost;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(reader: PickleReader, host: PickleHost) {
    this.#reader = reader;
    this.#host = host;
  }

  run(): unknown {
    for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
      const opcode = this.#reader.byte();
      if (opcode === 0x2e) return this.pop();
      const instruction = INSTRUCTIONS.get(opcode);
      if (instruction === undefined) {
        throw new PickleError(`opcode 0x${opcode.toString(16).padStart(2, '0')} is not plain data`);
      }
      instruction(this, this.#reader);
    }
    throw new PickleError(`it has more than ${MAX_INSTRUCTIONS} instructions`);
  }

  push(value: unknown): this {
    this.#stack.push(value);
    return this;
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw new PickleError('a value is missing');
    const value = this.#stack.pop();
    if (value === MARK) throw new PickleError('a value is missing after a mark');
    return value;
  }

  /** Removes the last mark and the values above it, and returns the values. */
  popToMark(): unknown[] {
    const start = this.#stack.lastIndexOf(MARK);
    if (start === -1) throw new PickleError('a mark is missing');
    const items = this.#stack.splice(start);
    items.shift();
    return items;
  }

  /** The value on top of the stack, which stays there. */
  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  memoize(index = this.#memo.size): this {
    this.#memo.set(index, this.top());
    return this;
  }

  recall(index: number): this {
    if (!this.#memo.has(index)) throw new PickleError(`the memo has no entry ${index}`);
    return this.push(this.#memo.get(index));
  }

  setItems(items: readonly unknown[]): this {
    const target = this.top();
    if (!(target instanceof Map)) throw new PickleError('an item is set on something other than a dictionary');
    if (items.length % 2 !== 0) throw new PickleError('a key has no value');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
    return this;
  }

  append(items: readonly unknown[]): this {
    const target = this.top();
    if (!Array.isArray(target)) throw new PickleError('an item is appended to something other than a list');
    for (const item of items) target.push(item);
    return this;
  }

  global(module: unknown, name: unknown): this {
    if (typeof module !== 'string' || typeof name !== 'string') throw new PickleError('a global has no name');
    const global = new Global(`${module}.${name}`);
    this.#host.allow(global);
    return this.push(global);
  }

  call(): this {
    const args = this.pop();
    const target = this.pop();
    if (!(target instanceof Global)) throw new PickleError('something other than a global is called');
    if (!(args instanceof Tuple)) throw new PickleError(`the arguments of ${target.name} are not a tuple`);
    return this.push(this.#host.call(target, args.items));
  }

  persistent(): this {
    return this.push(this.#host.persistent(this.pop()));
  }

  build(): this {
    const state = this.pop();
    this.#host.setState(this.top(), state);
    return this;
  }

  tuple(length: number): this {
    const items = Array.from({ length }, () => this.pop());
    return this.push(new Tuple(items.reverse()));
  }
}

/** The return value is not used. The machine's methods return it, so that each instruction is one expression. */
type Instruction = (machine: Machine, reader: PickleReader) => unknown;

/** By opcode, with the names of Python's pickletools. */
const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map<number, Instruction>([
  /* PROTO */ [0x80, (_, r) => checkProtocol(r.byte())],
  /* FRAME */ [0x95, (_, r) => r.uint64()],
  /* MARK */ [0x28, (m) => m.push(MARK)],
  /* POP */ [0x30, (m) => m.pop()],
  /* POP_MARK */ [0x31, (m) => m.popToMark()],
  /* DUP */ [0x32, (m) => m.push(m.top())],

  /* NONE */ [0x4e, (m) => m.push(null)],
  /* NEWTRUE */ [0x88, (m) => m.push(true)],
  /* NEWFALSE */ [0x89, (m) => m.push(false)],
  /* BININT */ [0x4a, (m, r) => m.push(r.int32())],
  /* BININT1 */ [0x4b, (m, r) => m.push(r.byte())],
  /* BININT2 */ [0x4d, (m, r) => m.push(r.uint16())],
  /* LONG1 */ [0x8a, (m, r) => m.push(r.long(r.byte()))],
  /* BINFLOAT */ [0x47, (m, r) => m.push(r.float64())],
  /* BINUNICODE */ [0x58, (m, r) => m.push(r.text(r.uint32()))],
  /* SHORT_BINUNICODE */ [0x8c, (m, r) => m.push(r.text(r.byte()))],
  /* BINUNICODE8 */ [0x8d, (m, r) => m.push(r.text(r.uint64()))],
  /* BINBYTES */ [0x42, (m, r) => m.push(r.bytes(r.uint32()))],
  /* SHORT_BINBYTES */ [0x43, (m, r) => m.push(r.bytes(r.byte()))],
  /* BINBYTES8 */ [0x8e, (m, r) => m.push(r.bytes(r.uint64()))],

  /* EMPTY_TUPLE */ [0x29, (m) => m.tuple(0)],
  /* TUPLE1 */ [0x85, (m) => m.tuple(1)],
  /* TUPLE2 */ [0x86, (m) => m.tuple(2)],
  /* TUPLE3 */ [0x87, (m) => m.tuple(3)],
  /* TUPLE */ [0x74, (m) => m.push(new Tuple(m.popToMark()))],
  /* EMPTY_LIST */ [0x5d, (m) => m.push([])],
  /* APPEND */ [0x61, (m) => m.append([m.pop()])],
  /* APPENDS */ [0x65, (m) => m.append(m.popToMark())],
  /* EMPTY_DICT */ [0x7d, (m) => m.push(new Map())],
  /* SETITEM */ [0x73, (m) => m.setItems([m.pop(), m.pop()].reverse())],
  /* SETITEMS */ [0x75, (m) => m.setItems(m.popToMark())],

  /* BINPUT */ [0x71, (m, r) => m.memoize(r.byte())],
  /* LONG_BINPUT */ [0x72, (m, r) => m.memoize(r.uint32())],
  /* MEMOIZE */ [0x94, (m) => m.memoize()],
  /* BINGET */ [0x68, (m, r) => m.recall(r.byte())],
  /* LONG_BINGET */ [0x6a, (m, r) => m.recall(r.uint32())],

  /* GLOBAL */ [0x63, (m, r) => m.global(r.line(), r.line())],
  /* STACK_GLOBAL */ [0x93, (m) => stackGlobal(m)],
  /* INST, which imports like GLOBAL: goes through the host so that the error names the global. */
  [0x69, (m, r) => refuseInst(m, r)],
  /* REDUCE */ [0x52, (m) => m.call()],
  /* BUILD */ [0x62, (m) => m.build()],
  /* BINPERSID */ [0x51, (m) => m.persistent()],
]);

function checkProtocol(version: number): number {
  if (version > 5) throw new PickleError(`protocol ${version} is newer than 5`);
  return version;
}

function stackGlobal(machine: Machine): Machine {
  const name = machine.pop();
  return machine.global(machine.pop(), name);
}

function refuseInst(machine: Machine, reader: PickleReader): never {
  machine.global(reader.line(), reader.line());
  throw new PickleError('opcode INST is not plain data');
}

/**
 * Reads a pickle; the reader is left after it.
 *
 * @returns null, booleans, numbers, bigints, strings, bytes, arrays (lists), Maps (dictionaries), {@link Tuple},
 *   {@link Global}, and what the host returns
 * @throws PickleError if the pickle is damaged or more than plain data, and whatever the host throws
 */
export function readPickle(reader: PickleReader, host: PickleHost): unknown {
  return new Machine(reader, host).run();
}
