interface SettingBase {
  /** What the setting does, and why one would change it. */
  readonly description: string;
}

/** A whole number within bounds; a unit is part of the name. */
interface IntegerSetting extends SettingBase {
  readonly kind: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** One of a closed set of words. */
interface ChoiceSetting extends SettingBase {
  readonly kind: 'choice';
  readonly default: string;
  readonly choices: readonly string[];
}

/** Free text: a path, an address, a list. An empty default means: not set. */
export interface TextSetting extends SettingBase {
  readonly kind: 'text';
  readonly default: string;
  /** What the text must be: an address, or a comma-separated list of web origins. @default any text */
  readonly format?: 'http-url' | 'origins';
}

/** The definition of a setting. */
export type Setting = IntegerSetting | ChoiceSetting | TextSetting;

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
