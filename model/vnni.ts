import { readIfThere } from './read-if-there.ts';

/**
 * Whether the processor has to multiply bytes the slow way: an x86 one without VNNI instructions. ONNX Runtime's fast way
 * there sums pairs of products in 16 bits, which saturate. Where the instructions cannot be listed, as outside of Linux,
 * they count as missing.
 *
 * @param cpuinfo the text of /proc/cpuinfo @default read
 */
export function lacksVnni(architecture: string = process.arch, cpuinfo: string = readCpuinfo()): boolean {
  if (architecture !== 'x64') return false;
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  return !flags.includes('avx512_vnni') && !flags.includes('avx_vnni');
}

/** What a user of int8 should know about a processor that {@link lacksVnni}. A sentence without a full stop. */
export const WITHOUT_VNNI =
  'this processor lists no VNNI instructions (avx512_vnni or avx_vnni), so that int8 gives the same answers but is no faster than fp32';

/**
 * Settings of ONNX Runtime's configuration group `session` with which int8 is exact on this processor: it then converts
 * int8 weights to uint8, whose products are summed in 32 bits. Needs graph optimisation.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h
 */
export function exactInt8(): Readonly<Record<string, string>> {
  return lacksVnni() ? { x64quantprecision: '1' } : {};
}

function readCpuinfo(): string {
  return readIfThere('/proc/cpuinfo') ?? '';
}
