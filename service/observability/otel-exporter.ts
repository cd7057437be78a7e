import { diag, DiagLogLevel } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TraceLoss } from './trace-loss.ts';

/** Sends spans as JSON over HTTP, and notes those that are lost. */
export class LossReportingExporter implements SpanExporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #loss: TraceLoss;

  constructor(url: string, loss: TraceLoss) {
    this.#exporter = new OTLPTraceExporter({ url });
    this.#loss = loss;
    const ignore = (): void => undefined;
    // What it only warns of: spans that the collector refused, or took without understanding them; a full queue.
    const warn = (...parts: unknown[]): void => {
      const text = parts.map((part) => (part instanceof Error ? part.message : part));
      loss.note(`may not have them all: ${text.filter((part) => typeof part === 'string').join(' ')}`);
    };
    diag.setLogger(
      { warn, error: ignore, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code !== ExportResultCode.SUCCESS) this.#loss.note(reasonOf(result.error), spans.length);
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

function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  const { message = '', code = '' } = error ?? {};
  if (typeof code === 'number') return `answers ${code} ${message}`.trim();
  // Of several addresses that were tried there is only a code.
  return `cannot be asked: ${message === '' ? String(code) : message}`;
}
