import { FAILURES } from '../../model/errors.ts';
import { PROBLEMS } from '../../service/requests/problem.ts';
import { escaped, heading, type Page } from './page.ts';

/** Every error of the service, under the heading that its problem type links to, and every failure of the command line. */
export function errorsPage(): Page {
  const problems = Object.entries(PROBLEMS).map(
    ([name, { status, title, description }]) => `### ${name}\n\n**${status}: ${title}.** ${escaped(description)}\n`,
  );
  const failures = Object.entries(FAILURES).map(([name, description]) => `- \`${name}\`: ${escaped(description)}`);
  const service = `## The service

Errors are \`application/problem+json\` (RFC 9457), and plain JSON under \`/v2\`. \`type\` is the address of the problem's section
on this page, \`detail\` says what is wrong with this request, \`field\` names the part at fault, and \`request_id\` leads to
the log.
`;
  const commandLine = `## The command line

A command that fails prints one sentence and exits with 1 (2 for wrong usage or settings, 130 if it was interrupted). Programs that
import the code find the reason in \`code\` of \`UserError\`:
`;
  return {
    path: 'docs/reference/errors.md',
    text: [
      heading('Errors', 'service/requests/problem.ts and model/errors.ts'),
      service,
      ...problems,
      commandLine,
      failures.join('\n'),
      '',
    ].join('\n'),
  };
}
