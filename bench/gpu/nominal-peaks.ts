/**
 * Dense float16 matrix products with float32 accumulation on tensor cores, in TFLOP/s, from NVIDIA's data sheets (half
 * the rate if a sheet gives it with sparsity). The first pattern that matches the name counts.
 */
const PEAKS: readonly (readonly [RegExp, number])[] = [
  [/\bB200\b/, 2250],
  [/\bH200\b/, 989],
  [/\bH100 PCIe\b/, 756],
  [/\bH100\b.*\bHBM3\b/, 989],
  [/\bL40S\b/, 362],
  [/\bL40\b/, 181],
  [/\bL4\b/, 121],
  [/\bA100\b/, 312],
  [/\bA40\b/, 150],
  [/\bA30\b/, 165],
  [/\bA10\b/, 125],
  [/\bV100-PCIE\b/, 112],
  [/\bV100-SXM2\b/, 125],
  [/\bT4\b/, 65],
];

/**
 * A GPU's multiply-adds per second according to its data sheet, each being two operations.
 *
 * @param name as reported by `nvidia-smi`
 * @returns undefined if the GPU is not in the list, or is a MIG slice
 */
export function nominalPeak(name: string): number | undefined {
  if (/\bMIG\b/.test(name)) return undefined;
  const found = PEAKS.find(([pattern]) => pattern.test(name));
  return found === undefined ? undefined : (found[1] * 1e12) / 2;
}
