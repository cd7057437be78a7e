import type { ImageConfig, ModelConfig } from '../config/schema.ts';
import type { WorkloadContext } from './context.ts';
import type { Track } from './names.ts';

/** What one track runs. */
export interface TrackProps {
  readonly track: Track;
  readonly image: ImageConfig;
  readonly model: ModelConfig;
}

/** What a track runs by the configuration; the canary has the model of the workload unless it names its own. */
export function trackProps({ workload: { canary, image, model } }: WorkloadContext, track: Track): TrackProps {
  return track === 'stable' ? { track, image, model } : { track, image: canary.image, model: canary.model ?? model };
}
