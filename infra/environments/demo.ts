import { config, demoModel, extend } from '../config.ts';

/** The demo model on a local cluster: see "Try it on kind or minikube" in docs/deploy.md. */
export default extend(config, {
  namespace: { name: 'ofa-ve-demo' },
  workloads: [demoModel],
});
