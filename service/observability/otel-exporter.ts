import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TraceLoss } from './trace-loss.ts';

/** Sends spans as JSON over HTTP, and reports those that are lost. */
export class LossReportingExporter implements SpanExporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #loss: TraceLoss;

  constructor(url: string, loss: TraceLoss) {
    this.#exporter = new OTLPTraceExporter({ url });
    this.#loss = loss;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code !== ExportResultCode.SUCCESS) this.#loss.report(reasonOf(result.error), spans.length);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
    diag.disable();
  }
}

/**
 * Passes on the messages in which OpenTelemetry reports that it ignores a wrong value of a variable. Call it before
 * OpenTelemetry reads them, and {@link reportLosses} afterwards.
 */
export function reportWrongVariables(warn: (message: string) => void): void {
  // OpenTelemetry reports malformed resource attributes only here, among much else.
  const debug = (message: string): void => {
    if (message.startsWith('EnvDetector failed: ')) warn(message.replace('EnvDetector failed: ', ''));
  };
  setDiagnostics({ error: warn, warn, debug }, DiagLogLevel.DEBUG);
}

/** Reports losses that only OpenTelemetry's warnings show: spans that the collector rejected, or a full queue. */
export function reportLosses(loss: TraceLoss): void {
  const warn = (...parts: unknown[]): void => {
    const text = parts.map((part) => (part instanceof Error ? part.message : part));
    loss.report(`may not have received all of them: ${text.filter((part) => typeof part === 'string').join(' ')}`);
  };
  setDiagnostics({ warn }, DiagLogLevel.WARN);
}

function setDiagnostics(functions: Partial<DiagLogger>, logLevel: DiagLogLevel): void {
  const ignore = (): void => undefined;
  const logger = { error: ignore, warn: ignore, info: ignore, debug: ignore, verbose: ignore, ...functions };
  diag.setLogger(logger, { logLevel, suppressOverrideMessage: true });
}

function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  const { message = '', code = '' } = error ?? {};
  if (typeof code === 'number') return `answered ${code} ${message}`.trim();
  // After several addresses of a host were tried, the error has a code but no message.
  return `cannot be reached: ${message === '' ? String(code) : message}`;
}
