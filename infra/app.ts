import { App, type AppProps } from 'cdk8s';
import { Construct } from 'constructs';
import { wrongType } from '../model/arguments.ts';
import { BaseChart } from './charts/base-chart.ts';
import { WorkloadChart } from './charts/workload-chart.ts';
import { checkObjects } from './check-objects.ts';
import { checkConfig } from './config/check.ts';
import type { DeploymentConfig } from './config/schema.ts';
import { addFinished, type Customize, type FinishedCharts } from './customize.ts';
import { contextOf, type WorkloadContext } from './workload/context.ts';

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
  const app = new App(props);
  addDeployment(app, candidate, customize);
  return app;
}

/**
 * Checks a configuration and adds its charts: one for what is shared, called `base`, and one for each workload, with its
 * name.
 *
 * @param scope the app, or a construct within it: each deployment of an app needs a scope of its own
 * @param customize functions over the finished charts @default none
 * @returns the charts, `base` first, to depend on or to be made dependent
 * @throws {ConfigError} if the configuration, or an object that `customize` has changed, has mistakes
 */
export function addDeployment(
  scope: Construct,
  candidate: DeploymentConfig,
  customize: Customize = {},
): FinishedCharts {
  if (!Construct.isConstruct(scope))
    throw wrongType('The scope of a deployment', 'a construct, such as the app', scope);
  const config = checkConfig(candidate);
  const contexts = contextsOf(config);
  const source = new App();
  const base = new BaseChart(source, config, contexts);
  const workloads = contexts.map((context) => new WorkloadChart(source, context));
  const charts = addFinished(scope, base, workloads, customize);
  checkObjects(charts);
  return charts;
}

/**
 * Checks a configuration and returns what the constructs of each of its workloads need, for charts of your own.
 *
 * @throws {ConfigError} if the configuration has mistakes
 */
export function checkedContexts(candidate: DeploymentConfig): WorkloadContext[] {
  return contextsOf(checkConfig(candidate));
}

function contextsOf(config: DeploymentConfig): WorkloadContext[] {
  return config.workloads.map((workload) => contextOf(workload, config));
}
