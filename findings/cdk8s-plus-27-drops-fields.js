/**
 * cdk8s-plus-27 2.9.5: fields newer than Kubernetes 1.27 disappear from its objects without a message, from JSON patches as well.
 *
 * The classes Kube* are typed by the schema of Kubernetes 1.27. Their serializer copies the fields that it knows and leaves out the
 * rest, here the lifecycle action "sleep" (Kubernetes 1.29), of which an empty preStop is left. It runs after the JSON
 * patches, so addJsonPatch does not bring the field back. In JavaScript, or behind a cast, nothing warns.
 *
 * What helps: a plain ApiObject, which is written as it is given.
 */
import { install, run, verdict } from './finding.js';

const folder = install(['cdk8s@2.70.106', 'cdk8s-plus-27@2.9.5', 'constructs@10.8.1']);

const program = `
import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';

const chart = new Chart(new App(), 'chart');
const lifecycle = { preStop: { sleep: { seconds: 5 } } };
const pod = (containers) => ({ metadata: { name: 'pod' }, spec: { containers } });
new k8s.KubePod(chart, 'class', pod([{ name: 'server', lifecycle }]));
new k8s.KubePod(chart, 'patched', pod([{ name: 'server' }]))
  .addJsonPatch(JsonPatch.add('/spec/containers/0/lifecycle', lifecycle));
new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', ...pod([{ name: 'server', lifecycle }]) });
console.log(JSON.stringify(chart.toJson().map(({ spec }) => spec.containers[0].lifecycle ?? null)));
`;

const [asClass, patched, plain] = JSON.parse(run(folder, program));
verdict(
  { asClass, patched, plain },
  {
    asClass: { preStop: {} },
    patched: { preStop: {} },
    plain: { preStop: { sleep: { seconds: 5 } } },
  },
);
