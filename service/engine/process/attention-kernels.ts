import { stripVTControlCharacters } from 'node:util';

/**
 * Makes ONNX Runtime's CUDA provider print which kernel computes each attention node, on every run: about 20 lines each.
 * The process reads it once, so that it cannot be switched off after the start.
 */
export const KERNEL_ENVIRONMENT = { ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO: '1' } as const;

/**
 * How many attention nodes each kernel computes, by the part of the model (the first segment of a node's path):
 * `{ encoder: { EFFICIENT_ATTENTION: 12 }, decoder: { MATH: 12 } }`.
 */
export type KernelCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** `AttentionKernelDebugInfo::Print` and `AttentionKernelOptions::Print` in ONNX Runtime's attention_kernel_options.cc. */
const CHOICE = /^Operator=(\w+)(?: Node=(.*?))? DataType=(\w+) SdpaKernel=(\w+)$/;
const OPTIONS = /^AttentionKernelOptions:((?: \w+=[01])+)$/;
const NOTE = /^cuDNN Flash Attention is disabled|^Warning: Unfused kernel cannot be disabled/;

/**
 * Collects from an engine's output which attention kernels ONNX Runtime uses. The kernel of a node depends on the
 * shape; the slowest one seen counts.
 */
export class KernelRecorder {
  readonly #kernelOf = new Map<string, string>();

  /** @returns whether ONNX Runtime printed the line about its kernels, so that it need not be logged */
  read(line: string): boolean {
    const text = stripVTControlCharacters(line).trim();
    const choice = CHOICE.exec(text);
    if (choice === null) return OPTIONS.test(text) || NOTE.test(text);
    const [, operator = '', node, , kernel = ''] = choice;
    // Nodes without a name cannot be told apart: they count as one node per kernel.
    const key = node ?? `${operator} ${kernel}`;
    // MATH is the fallback where no fused kernel fits: three kernels, and the scores written to memory.
    if (this.#kernelOf.get(key) !== 'MATH') this.#kernelOf.set(key, kernel);
    return true;
  }

  /** Undefined while ONNX Runtime has printed no kernel, as on a CPU. */
  get counts(): KernelCounts | undefined {
    if (this.#kernelOf.size === 0) return undefined;
    const counts: Record<string, Record<string, number>> = {};
    for (const [node, kernel] of this.#kernelOf) {
      const part = (counts[node.split(/[/ ]/, 1)[0] ?? ''] ??= {});
      part[kernel] = (part[kernel] ?? 0) + 1;
    }
    return counts;
  }
}
