import { SETTINGS, type Setting } from '../../service/contract.ts';
import { wordsOf } from '../../service/settings/setting.ts';
import { code, escaped, heading, type Page } from './page.ts';

/** Every environment variable of the service. */
export function settingsPage(): Page {
  const sections = Object.entries<Setting>(SETTINGS).map(
    ([name, setting]) =>
      `## ${name}\n\n${valuesOf(setting)} ${defaultOf(setting)}\n\n${escaped(setting.description)}\n`,
  );
  const intro = `Every setting is an environment variable. A variable that is unset or empty takes its default, and a wrong value ends
the start with a message that names the variable. As the OpenTelemetry specification asks, a wrong value of one of its variables
(\`OTEL_...\`) is ignored, with a warning in the log. \`npx ofa-ve serve --help\` prints the same list. In a deployment, set them
in \`server.settings\` of \`infra/config.ts\`. An item is one picture with one sentence; a request with several sentences has as
many items.
`;
  return {
    path: 'docs/reference/settings.md',
    text: [heading('Settings', 'service/settings/definitions.ts'), intro, ...sections].join('\n'),
  };
}

/** The same for editors, which show it where a setting is written in TypeScript. */
export function settingComments(): Page {
  const members = Object.entries<Setting>(SETTINGS).map(([name, setting]) => {
    const fallback = setting.default === '' ? 'not set' : String(setting.default);
    const lines = [...wrapped(`${setting.description} ${valuesOf(setting)}`), `@default ${fallback}`];
    return `  /**\n${lines.map((line) => `   * ${line}\n`).join('')}   */\n  readonly ${name}: unknown;\n`;
  });
  return {
    path: 'service/settings/comments.ts',
    text: `// Generated from service/settings/definitions.ts by \`npm run reference\`: change it there.

/** The names of all settings, with comments that say what each means. */
export interface SettingComments {
${members.join('')}}
`,
  };
}

/** Lines of at most 110 characters. */
function wrapped(text: string): string[] {
  return text.match(/\S.{0,109}(?=\s|$)/g) ?? [];
}

function valuesOf(setting: Setting): string {
  switch (setting.kind) {
    case 'integer':
      return `A whole number from ${setting.min} to ${setting.max}${setting.canBeOff ? `, or ${code('off')}` : ''}.`;
    case 'choice':
      return `One of ${wordsOf(setting).map(code).join(', ')}.`;
    case 'text':
      return 'Text.';
  }
}

function defaultOf(setting: Setting): string {
  return setting.default === '' ? 'Not set by default.' : `Default: ${code(setting.default)}.`;
}
