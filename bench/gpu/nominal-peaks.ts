/**
 * Dense float16 products with float32 sums on tensor cores, in 10^12 operations a second, from NVIDIA's data sheets
 * (where a sheet gives the rate with sparsity, half of it). The first pattern that fits the name counts.
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
 * The data sheet's multiply-adds a second of a GPU (two operations each).
 *
 * @param name as `nvidia-smi` gives it
 * @returns undefined where the GPU is not in the list, or is a slice of one
 */
export function nominalPeak(name: string): number | undefined {
  if (/\bMIG\b/.test(name)) return undefined;
  const found = PEAKS.find(([pattern]) => pattern.test(name));
  return found === undefined ? undefined : (found[1] * 1e12) / 2;
}
