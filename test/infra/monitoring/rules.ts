import { ruleGroups, type RuleGroup } from '../../../infra/monitoring/alerts.ts';
import type { DeploymentConfig } from '../../../infra/config.ts';
import { contextOf } from '../../../infra/workload/context.ts';
import { scenarios, type ScenarioName } from '../scenarios.ts';
import { beginnings } from './alert-beginnings.ts';
import { alertTest, type AlertTest } from './alert-cases.ts';
import { missingMetrics } from './alert-missing-metrics.ts';

/** Every unit test of an alert, by its name. */
export const allAlertTests: Readonly<Record<string, AlertTest>> = { ...alertTest, ...beginnings, ...missingMetrics };

export function contexts(config: DeploymentConfig) {
  return config.workloads.map((workload) => contextOf(workload, config));
}

export function groupsOf(name: ScenarioName): RuleGroup[] {
  return contexts(scenarios[name]).flatMap(ruleGroups);
}

export function alertNames(name: ScenarioName): string[] {
  return groupsOf(name).flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
}
