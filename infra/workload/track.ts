import type { ImageConfig, ModelConfig } from '../config/schema.ts';
import type { Track } from './names.ts';

/** What one track runs. */
export interface TrackProps {
  readonly track: Track;
  readonly image: ImageConfig;
  readonly model: ModelConfig;
}
