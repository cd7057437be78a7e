/** Systems and processors that the package onnxruntime-node has libraries for. */
export const PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  linux: ['arm64', 'x64'],
  darwin: ['arm64'],
  win32: ['arm64', 'x64'],
};
const SUPPORTED = 'Linux with glibc on x64 or arm64, macOS on Apple silicon, Windows on x64 or arm64';

/** What of a machine decides whether ONNX Runtime can be loaded. */
export interface Machine {
  /** As `process.platform`. */
  readonly platform: string;
  /** As `process.arch`. */
  readonly arch: string;
  /** Whether programs are linked with glibc. Only Linux has systems where they are not, such as Alpine Linux. */
  readonly hasGlibc: boolean;
}

/**
 * Says in a sentence why ONNX Runtime cannot be loaded, and what would help.
 *
 * @param error that loading it threw
 * @param machine @default this one
 */
export function whyNotLoaded(error: unknown, machine = thisMachine()): string {
  const { platform, arch, hasGlibc } = machine;
  const elsewhere = `ONNX Runtime for Node.js has libraries for ${SUPPORTED}; run ofa-ve there or in a container of such a system.`;
  if (PLATFORMS[platform]?.includes(arch) !== true) {
    return `ONNX Runtime cannot run on this machine (${platform} ${arch}). ${elsewhere}`;
  }
  if (platform === 'linux' && !hasGlibc) {
    return `ONNX Runtime cannot run on this system, which has no glibc (as Alpine Linux). ${elsewhere}`;
  }
  const reason = error instanceof Error ? error.message.split('\n', 1).join('') : String(error);
  return `ONNX Runtime cannot be loaded: ${reason}. Install the packages again on this machine with \`npm ci\`.`;
}

function thisMachine(): Machine {
  // The types call it a text.
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, hasGlibc: header.glibcVersionRuntime !== undefined };
}
