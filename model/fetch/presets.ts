/** A published checkpoint that the program knows by a short name, and what to expect of it. */
export interface Preset {
  /** The model's id on ModelScope. */
  readonly id: string;
  /** The answers that it gives, in any order; a listing with others is not the model that is meant. */
  readonly answers: readonly string[];
  /** Bytes of the published checkpoint, about; what a fetch moves and keeps. */
  readonly checkpointBytes: number;
  /** Where to run it, to begin with; measured needs are in the compiled package's manifest. */
  readonly resources: PresetResources;
}

/** A size of machine for one replica. Kubernetes' notation, so that a deployment can take it as it is. */
export interface PresetResources {
  /** GPUs; 0 where a CPU answers fast enough. */
  readonly gpus: number;
  readonly requests: { readonly cpu: number; readonly memory: string };
  readonly limits: { readonly cpu: number; readonly memory: string };
}

/** Every name that `fetch` and `setup` take in place of a model id. */
export const PRESETS = {
  large: {
    id: 'iic/ofa_visual-entailment_snli-ve_large_en',
    answers: ['yes', 'no', 'maybe'],
    checkpointBytes: 1_900_000_000,
    resources: {
      gpus: 1,
      requests: { cpu: 2, memory: '5.5Gi' },
      limits: { cpu: 4, memory: '6Gi' },
    },
  },
  distilled: {
    id: 'iic/ofa_visual-entailment_snli-ve_distilled_v2_en',
    answers: ['yes', 'no', 'maybe'],
    checkpointBytes: 140_000_000,
    resources: {
      gpus: 0,
      requests: { cpu: 2, memory: '2Gi' },
      limits: { cpu: 4, memory: '3Gi' },
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;

/** The preset that is meant where none is named. */
export const DEFAULT_PRESET: PresetName = 'large';

/** Whether a word is the name of a preset. */
export function isPresetName(word: string): word is PresetName {
  return Object.hasOwn(PRESETS, word);
}
