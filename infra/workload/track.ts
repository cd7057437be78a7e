import type { ImageConfig, ModelConfig } from '../config/schema.ts';
import type { WorkloadContext } from './context.ts';
import { tracksOf, type Track } from './names.ts';

/** What one track runs. */
export interface TrackProps {
  readonly track: Track;
  readonly image: ImageConfig;
  readonly model: ModelConfig;
}

/** What a track runs by the configuration; the canary has what is the workload's unless it names its own. */
export function trackProps({ workload: { canary, image, model } }: WorkloadContext, track: Track): TrackProps {
  if (track === 'stable') return { track, image, model };
  const { reference, pullPolicy = image.pullPolicy, pullSecrets = image.pullSecrets } = canary.image;
  return { track, image: { reference, pullPolicy, pullSecrets }, model: canary.model ?? model };
}

/** The tracks that a workload runs, with the share of the traffic that each gets, in percent. */
export function trafficShares(context: WorkloadContext): { readonly track: Track; readonly percent: number }[] {
  const { canary } = context.workload;
  const percents = { stable: canary.enabled ? 100 - canary.weightPercent : 100, canary: canary.weightPercent };
  return tracksOf(context).map((track) => ({ track, percent: percents[track] }));
}
