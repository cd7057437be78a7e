import { App, type AppProps } from 'cdk8s';
import { BaseChart } from './charts/base-chart.ts';
import { WorkloadChart } from './charts/workload-chart.ts';
import { checkObjects } from './check-objects.ts';
import { checkConfig } from './config/check.ts';
import type { DeploymentConfig } from './config/schema.ts';
import { finishedApp, type Customize } from './customize.ts';
import { contextOf } from './workload/context.ts';

/** Settings of cdk8s, and functions over the finished charts. */
export interface DeploymentAppProps extends AppProps {
  readonly customize?: Customize;
}

/**
 * Checks a configuration and builds its cdk8s app, ready to synthesize.
 *
 * @throws {ConfigError} if the configuration, or an object that `customize` has changed, has mistakes
 */
export function deploymentApp(candidate: DeploymentConfig, { customize = {}, ...props }: DeploymentAppProps = {}): App {
  const config = checkConfig(candidate);
  const app = new App();
  const contexts = config.workloads.map((workload) =>
    contextOf(workload, config.namespace.name, config.kubernetesVersion),
  );
  const base = new BaseChart(app, config, contexts);
  for (const context of contexts) new WorkloadChart(app, context).addDependency(base);
  const finished = finishedApp(app, customize, props);
  checkObjects(finished);
  return finished;
}
