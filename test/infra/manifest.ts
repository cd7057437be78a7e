/** Any value that YAML can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A manifest as the cluster gets it: parsed from the YAML, not taken from the constructs. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

/** Labels, or a selector on them. */
export type Labels = Record<string, string>;
