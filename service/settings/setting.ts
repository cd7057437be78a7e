interface SettingBase {
  /** What the setting does, and why one would change it. */
  readonly description: string;
  /** Whether a wrong value is ignored with a warning, as the OpenTelemetry specification asks, and not refused. */
  readonly isLenient?: true;
}

/** A whole number within bounds; a unit is part of the name. */
export interface IntegerSetting extends SettingBase {
  readonly kind: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Whether it can also be the word `off`. */
  readonly canBeOff?: true;
}

/** One of a closed set of words. */
export interface ChoiceSetting<Choice extends string = string> extends SettingBase {
  readonly kind: 'choice';
  readonly default: Choice;
  readonly choices: readonly Choice[];
}

/** Free text: a path, an address, a list. An empty default means: not set. */
export interface TextSetting extends SettingBase {
  readonly kind: 'text';
  readonly default: string;
  /**
   * What the text must be: a host, the address of a web service, or a comma-separated list of web origins, labels or IP
   * networks. @default any text
   */
  readonly format?: 'host' | 'http-url' | 'origins' | 'labels' | 'networks';
}

export type Setting = IntegerSetting | ChoiceSetting | TextSetting;

export function integer(bounds: Pick<IntegerSetting, 'default' | 'min' | 'max'>, description: string): IntegerSetting {
  return { kind: 'integer', ...bounds, description };
}

export function choice<Choice extends string>(
  words: { default: NoInfer<Choice>; choices: readonly Choice[] },
  description: string,
): ChoiceSetting<Choice> {
  return { kind: 'choice', ...words, description };
}

/** Defines a text, by default empty and of any form. */
export function text(options: Partial<Pick<TextSetting, 'default' | 'format'>>, description: string): TextSetting {
  return { kind: 'text', default: '', ...options, description };
}

/** Lets a number also be `off`. */
export function orOff(setting: IntegerSetting): IntegerSetting & { readonly canBeOff: true } {
  return { ...setting, canBeOff: true };
}

/** Ignores wrong values of a setting. */
export function lenient<S extends Setting>(setting: S): S {
  return { ...setting, isLenient: true };
}

/** The words that a choice takes; the empty one stands for not set. */
export function wordsOf({ choices }: ChoiceSetting): string[] {
  return choices.filter((choice) => choice !== '');
}

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;
