import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { Programs } from '../control-plane/programs.ts';
import type { Kubectl } from '../kubectl.ts';
import type { Pods } from '../stand-ins/pods.ts';

/** What the checks act on. */
export interface Cluster {
  readonly plane: ControlPlane;
  readonly programs: Programs;
  readonly kubectl: Kubectl;
  readonly pods: Pods;
}

/** How one check ended. */
export interface Result {
  readonly name: string;
  /** Figures of a check that passed. */
  readonly figures: string;
  /** What is wrong; undefined if the check passed. */
  readonly problem?: string;
}

/** Runs one check, which throws if it fails. Gives its figures. */
export async function attempt(name: string, check: () => Promise<string>): Promise<Result> {
  try {
    return { name, figures: await check() };
  } catch (error) {
    return { name, figures: '', problem: error instanceof Error ? error.message : String(error) };
  }
}
