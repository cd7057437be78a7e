import path from 'node:path';
import { extend, type DeploymentConfig } from '../../../infra/config.ts';
import { synthesize } from '../../../infra/synthesize.ts';
import { scenarios } from '../../infra/scenarios.ts';
import { attempt, type Cluster, type Result } from './check.ts';

/**
 * kubectl sends its selector in every apply, as its patch strategy is `replace`, and so reports it as configured. The
 * server changes nothing: its generation stays.
 */
const ALWAYS_SENT = 'poddisruptionbudget.policy';

/**
 * Applies each scenario in a namespace of its own, twice: the server accepts every object without a warning, the second
 * time changes none, and then there is no difference.
 */
export async function* checkScenarios(cluster: Cluster): AsyncGenerator<Result> {
  for (const [name, scenario] of Object.entries(scenarios)) {
    yield await attempt(`${name}, applied twice`, () => applyTwice(cluster, name, scenario));
  }
}

async function applyTwice({ kubectl, plane }: Cluster, name: string, scenario: DeploymentConfig): Promise<string> {
  const namespace = `scenario-${name}`;
  const folder = path.join(plane.folder, namespace);
  const config = extend(scenario, { namespace: { name: namespace } });
  synthesize({ name: undefined, config, customize: {} }, folder);
  const apply = ['apply', '--validate=strict', '-f', folder];
  const first = await kubectl.attempt(apply);
  if (first.code !== 0 || first.stderr !== '') throw new Error(`the first apply printed:\n${first.stderr}`);
  const created = linesOf(first.stdout);
  const changed = linesOf(await kubectl.run(apply)).filter((line) => !line.endsWith(' unchanged'));
  const others = changed.filter((line) => !line.startsWith(`${ALWAYS_SENT}/`));
  if (others.length > 0) throw new Error(`the second apply changed objects:\n${others.join('\n')}`);
  const generations = await kubectl.run([
    'get',
    ALWAYS_SENT,
    '-n',
    namespace,
    '-o',
    'jsonpath={.items[*].metadata.generation}',
  ]);
  if (/[^1 ]/.test(generations)) throw new Error('the second apply changed a PodDisruptionBudget');
  const diff = await kubectl.attempt(['diff', '-f', folder]);
  if (diff.code !== 0) throw new Error(`kubectl diff exited with ${diff.code}:\n${diff.stdout}${diff.stderr}`);
  await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
  return `${created.length} objects`;
}

function linesOf(output: string): string[] {
  return output.trim().split('\n');
}
