/**
 * Environment variables that make glibc's malloc keep freed memory in the process instead of returning it to the system.
 * ONNX Runtime frees the tensors of a run at its end; on the CPU, with OFA-large, getting them back cost 189,000 page faults
 * and 0.6 s of kernel time an answer. bench/engine-memory.ts compares it with ONNX Runtime's arena. Other C libraries
 * ignore the variables.
 *
 * @see https://man7.org/linux/man-pages/man3/mallopt.3.html M_MMAP_MAX and M_TRIM_THRESHOLD
 */
export const KEPT_MEMORY: Readonly<Record<string, string>> = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 33),
};
