import { App } from 'cdk8s';
import type { AppProps } from 'cdk8s';
import { BaseChart } from './charts/base-chart.ts';
import { WorkloadChart } from './charts/workload-chart.ts';
import { checkConfig } from './config/check.ts';
import type { DeploymentConfig } from './config/schema.ts';

/**
 * The app of a deployment, ready to synthesize.
 *
 * @throws {ConfigError} if the configuration has mistakes
 */
export function deploymentApp(candidate: DeploymentConfig, props: AppProps = {}): App {
  const config = checkConfig(candidate);
  const app = new App(props);
  const base = new BaseChart(app, config);
  for (const workload of config.workloads) new WorkloadChart(app, config, workload).addDependency(base);
  return app;
}
