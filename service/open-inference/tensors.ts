/** Names of the inputs, all of them BYTES tensors; `premise` is optional. */
export const INPUTS = ['image', 'text', 'premise'] as const;
/** See {@link INPUTS}. */
export type InputName = (typeof INPUTS)[number];

/** The outputs; `perItem` gives the dimensions of one item, by the number of labels. */
export const OUTPUTS = {
  label: { datatype: 'BYTES', perItem: () => [] },
  result: { datatype: 'INT64', perItem: () => [] },
  confidence: { datatype: 'FP32', perItem: () => [] },
  probabilities: { datatype: 'FP32', perItem: (labels: number) => [labels] },
} as const satisfies Record<string, { datatype: string; perItem: (labels: number) => readonly number[] }>;

/** See {@link OUTPUTS}. */
export type OutputName = keyof typeof OUTPUTS;
export type OutputDatatype = (typeof OUTPUTS)[OutputName]['datatype'];
/** See {@link OUTPUTS}. */
export const OUTPUT_NAMES = Object.keys(OUTPUTS) as [OutputName, ...OutputName[]];
