import type { Command } from 'commander';
import { demoPackage } from '../demo/demo-package.ts';

/** Options of the commands that run a model. */
export interface ModelOptions {
  readonly model?: string;
  readonly demo?: true;
}

/** Adds the options that choose a model package to a command. */
export function withModelOptions(command: Command): Command {
  return command
    .option('--model <package>', 'folder of the model package (MODEL_DIR)')
    .option('--demo', 'use the small demo model that ships with ofa-ve, unless a model is given');
}

/** The folder that is given with --model or in MODEL_DIR; empty if there is none. */
export function givenModel({ model }: ModelOptions): string {
  return model ?? process.env['MODEL_DIR']?.trim() ?? '';
}

/** The folder of the chosen model, whose package is compiled if it is the demo's. Without a choice, the command ends. */
export async function chosenModel(options: ModelOptions, command: Command): Promise<string> {
  const given = givenModel(options);
  if (given !== '') return given;
  if (options.demo === undefined) command.error('error: give a model package with --model, or use --demo');
  return demoPackage();
}
