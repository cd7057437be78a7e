import { App, Chart, Testing, YamlOutputType } from 'cdk8s';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  addDeployment,
  checkedContexts,
  config,
  ConfigError,
  deploymentApp,
  extend,
  MetricsMonitor,
  PodServiceAccount,
  RequestService,
  ServerDeployment,
} from '../../infra/index.ts';

const [context = expect.fail()] = checkedContexts(config);

/** The manifests of all charts of an app. */
function objectsOf(app: App): unknown[] {
  return app.charts.flatMap((chart) => Testing.synth(chart) as unknown[]);
}

describe('deployments in an app of your own', () => {
  it('can be several, each in a scope of its own', () => {
    const app = new App();
    const environments = ['staging', 'production'].map((name) => extend(config, { namespace: { name } }));
    for (const each of environments) addDeployment(new Construct(app, each.namespace.name), each);
    expect(objectsOf(app)).toEqual(environments.flatMap((each) => objectsOf(deploymentApp(each))));
  });

  it.each([YamlOutputType.FILE_PER_APP, YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE])(
    'go into a chart, too, with the output of type %i',
    (yamlOutputType) => {
      const app = new App({ yamlOutputType });
      addDeployment(new Chart(app, 'platform', { labels: { team: 'a' }, namespace: 'other' }), config);
      expect(objectsOf(app)).toEqual(objectsOf(deploymentApp(config)));
    },
  );

  it('come after a chart that their first one depends on', () => {
    const app = new App();
    const [base, ...workloads] = addDeployment(app, config);
    const namespaces = new Chart(app, 'namespaces');
    base.addDependency(namespaces);
    expect(app.charts).toEqual([namespaces, base, ...workloads]);
    expect(workloads.map(({ node }) => node.id)).toEqual(['ofa-ve']);
    expect(base.object('Namespace', 'ofa-ve').name).toBe('ofa-ve');
  });

  it('cannot share a scope', () => {
    const app = new App();
    addDeployment(app, config);
    const again = () => addDeployment(app, extend(config, { namespace: { name: 'staging' } }));
    expect(again).toThrow(ConfigError);
    expect(again).toThrow(
      "The scope has base, ofa-ve already, as after another deployment; give each a scope of its own, such as new Construct(app, 'staging').",
    );
  });

  it('leave an app as it was after a mistake of customize', () => {
    const app = new App();
    expect(() => addDeployment(app, config, { nowhere: () => undefined })).toThrow(ConfigError);
    expect(app.charts).toEqual([]);
  });
});

/** A value as a program in JavaScript could pass it: the compiler takes it for anything. */
function untyped(value: unknown): never {
  return value as never;
}

describe('a program in JavaScript gets a sentence for', () => {
  it.each([
    [undefined, 'The scope of a deployment must be a construct, such as the app, not undefined.'],
    ['dist', 'The scope of a deployment must be a construct, such as the app, not "dist".'],
  ])('the scope %o', (scope, sentence) => {
    expect(() => addDeployment(untyped(scope), config)).toThrow(new TypeError(sentence));
  });

  it.each([
    [
      () => undefined,
      /customize is \[Function.*; it must be an object of functions by the names of charts: base, ofa-ve\.$/,
    ],
    [null, /customize is null; it must be an object of functions/],
    [{ base: 'Service' }, /customize\.base is "Service"; it must be a function over the chart\.$/],
    [{ base: () => Promise.resolve() }, /customize\.base returns a promise, which nothing waits for/],
  ])('customize %o', (customize, sentence) => {
    const props = { customize: untyped(customize) };
    expect(() => deploymentApp(config, props)).toThrow(ConfigError);
    expect(() => deploymentApp(config, props)).toThrow(sentence);
  });

  it('a track or a kind of monitor that does not exist', () => {
    const chart = Testing.chart();
    const { image, model } = context.workload;
    const sentence = new TypeError('track must be one of stable, canary, not "cannary".');
    expect(() => new RequestService(chart, 'a', context, untyped('cannary'))).toThrow(sentence);
    expect(() => new ServerDeployment(chart, 'b', context, { track: untyped('cannary'), image, model })).toThrow(
      sentence,
    );
    expect(() => new MetricsMonitor(chart, 'c', context, untyped('podMonitor'))).toThrow(
      new TypeError('kind must be one of PodMonitor, ServiceMonitor, not "podMonitor".'),
    );
  });
});

it('the ServiceAccount that a Deployment names is a construct', () => {
  const chart = Testing.chart();
  const { image, model } = context.workload;
  new PodServiceAccount(chart, 'identity', context);
  new ServerDeployment(chart, 'server', context, { track: 'stable', image, model, replicas: 2 });
  const [account, deployment] = Testing.synth(chart) as [
    { kind: string; metadata: { name: string; namespace: string } },
    { metadata: { namespace: string }; spec: { template: { spec: { serviceAccountName: string } } } },
  ];
  expect(account.kind).toBe('ServiceAccount');
  expect(deployment.spec.template.spec.serviceAccountName).toBe(account.metadata.name);
  expect(deployment.metadata.namespace).toBe(account.metadata.namespace);
});
