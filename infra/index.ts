/**
 * The library `ofa-ve/infra`: see docs/library.md. What this file exports follows Semantic Versioning; everything else in
 * the package may change at any time.
 */

export { addDeployment, checkedContexts, deploymentApp, type DeploymentAppProps } from './app.ts';
export { ConfigError } from './config/check.ts';
export { config, demoModel, extend, ofaLarge } from './config.ts';
export type { Changes, Customize, DeploymentConfig, WorkloadConfig } from './config.ts';
export type { KubernetesVersion } from './config/fields.ts';
export type { GpuConfig, ImageConfig, ModelConfig } from './config/schema.ts';
export type { OtherServer } from './config/server.ts';
export type { ServerFacts } from './config/server-facts.ts';
export type { FinishedChart, FinishedCharts } from './customize.ts';
export { BaseChart } from './charts/base-chart.ts';
export { WorkloadChart } from './charts/workload-chart.ts';
export { AdapterRules } from './constructs/scaling/adapter-rules.ts';
export { AlertRules } from './constructs/monitoring/alert-rules.ts';
export { Backfills } from './constructs/backfills/backfills.ts';
export { Canary } from './constructs/canary.ts';
export { Dashboard } from './constructs/monitoring/dashboard.ts';
export { DisruptionBudget } from './constructs/disruption-budget.ts';
export { GatewayGrpcRoute, GatewayRoute } from './constructs/traffic/gateway-route.ts';
export { GpuClaimTemplate, type DynamicGpu } from './constructs/pods/gpu-claim.ts';
export { IngressRoute } from './constructs/traffic/ingress.ts';
export { IstioRoute } from './constructs/traffic/istio-route.ts';
export { KedaScaler } from './constructs/scaling/keda-scaler.ts';
export { KserveWorkload } from './constructs/kserve.ts';
export { MetricsMonitor } from './constructs/monitoring/metrics-monitor.ts';
export { ModelStorage } from './constructs/pods/model-storage.ts';
export { DeploymentNamespace } from './constructs/namespace.ts';
export { PodAutoscaler } from './constructs/scaling/pod-autoscaler.ts';
export { ServerDeployment, type ServerDeploymentProps } from './constructs/server-deployment.ts';
export { PodServiceAccount } from './constructs/service-account.ts';
export { TrafficPolicy } from './constructs/traffic/traffic-policy.ts';
export { MetricsService, RequestService } from './constructs/traffic/workload-services.ts';
export type { WorkloadContext } from './workload/context.ts';
export type { Track } from './workload/names.ts';
export type { TrackProps } from './workload/track.ts';
