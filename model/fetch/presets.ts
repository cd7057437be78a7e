/** A published checkpoint with a short name. */
export interface Preset {
  /** The model's id on ModelScope. */
  readonly id: string;
  /** Approximate size of the files that a fetch downloads. */
  readonly checkpointBytes: number;
  /** Resources for one replica to start with, in Kubernetes notation; the compiled package's manifest holds measured needs. */
  readonly resources: {
    /** 0 if a CPU is fast enough. */
    readonly gpus: number;
    readonly requests: { readonly cpu: number; readonly memory: string };
    readonly limits: { readonly cpu: number; readonly memory: string };
  };
}

/** The names that `fetch` and `setup` accept instead of a model id. */
export const PRESETS = {
  large: {
    id: 'iic/ofa_visual-entailment_snli-ve_large_en',
    checkpointBytes: 1_900_000_000,
    resources: { gpus: 1, requests: { cpu: 2, memory: '5.5Gi' }, limits: { cpu: 4, memory: '6Gi' } },
  },
  distilled: {
    id: 'iic/ofa_visual-entailment_snli-ve_distilled_v2_en',
    checkpointBytes: 140_000_000,
    resources: { gpus: 0, requests: { cpu: 2, memory: '2Gi' }, limits: { cpu: 4, memory: '3Gi' } },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** Used when no model is given. */
export const DEFAULT_PRESET: PresetName = 'large';

/** Whether a word is the name of a preset. */
export function isPresetName(word: string): word is PresetName {
  return Object.hasOwn(PRESETS, word);
}
