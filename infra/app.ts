import { ApiObject, App, type AppProps } from 'cdk8s';
import { BaseChart } from './charts/base-chart.ts';
import { WorkloadChart } from './charts/workload-chart.ts';
import { checkConfig, ConfigError } from './config/check.ts';
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
  checkSizes(app);
  return app;
}

/** Most bytes of all annotations of an object; `kubectl apply` keeps the whole object in one. */
const MOST_ANNOTATION_BYTES = 256 * 1024;

function checkSizes(app: App): void {
  const objects = app.node.findAll().filter((each) => each instanceof ApiObject);
  const mistakes = objects.flatMap((object) => {
    const bytes = Buffer.byteLength(JSON.stringify(object.toJson()));
    return bytes < MOST_ANNOTATION_BYTES
      ? []
      : [
          `${object.kind} ${object.name} has ${bytes} bytes as JSON, but kubectl apply can handle at most ${MOST_ANNOTATION_BYTES}; shorten its environment, arguments or annotations.`,
        ];
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
}
