import { App, type AppProps } from 'cdk8s';
import { BaseChart } from './charts/base-chart.ts';
import { WorkloadChart } from './charts/workload-chart.ts';
import { checkConfig } from './config/check.ts';
import type { DeploymentConfig } from './config/schema.ts';
import { contextOf } from './workload/context.ts';

/**
 * Checks a configuration and builds its cdk8s app, ready to synthesize.
 *
 * @throws {ConfigError} if the configuration has mistakes
 */
export function deploymentApp(candidate: DeploymentConfig, props: AppProps = {}): App {
  const config = checkConfig(candidate);
  const app = new App(props);
  const contexts = config.workloads.map((workload) =>
    contextOf(workload, config.namespace.name, config.kubernetesVersion),
  );
  const base = new BaseChart(app, config, contexts);
  for (const context of contexts) new WorkloadChart(app, context).addDependency(base);
  return app;
}
