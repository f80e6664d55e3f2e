import { AsyncLocalStorage } from 'node:async_hooks'
import {
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  trace,
  type Context,
  type Tracer,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { CallSpan, CallTracer, TraceHeaders } from '../csi/call-scope.ts'
import { messageOf } from '../volumes/model/errors.ts'
import type { Observer, Step } from '../volumes/model/observer.ts'

/** A receiver that does not answer must not delay the exit of the process. */
const EXPORT_TIMEOUT_MS = 3000

/** Status codes that mark a server span as failed (OpenTelemetry's conventions for gRPC servers). */
const serverErrors = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']

const propagator = new W3CTraceContextPropagator()

export interface TracingConfig {
  /** The URL of an OTLP receiver over HTTP, without `/v1/traces`. */
  readonly endpoint: string
  /** Attributes of this process, named as in OpenTelemetry's conventions. */
  readonly process: Readonly<Record<string, string>>
}

/** Sends a span for each call and each of its steps to an OTLP receiver (OpenTelemetry). */
export class Tracing implements CallTracer, Observer, AsyncDisposable {
  readonly #provider: TracerProvider
  readonly #tracer: Tracer
  readonly #contexts = new AsyncLocalStorage<Context>()

  constructor({ endpoint, process }: TracingConfig, log: Logger) {
    const warn = (message: string): void => {
      log.warn({ endpoint }, `tracing: ${message}`)
    }
    const ignore = (): void => undefined
    diag.setLogger(
      { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    )
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS })
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'csi-driver-loop', ...process }),
      spanProcessors: [new BatchSpanProcessor({ exporter })],
    })
    this.#tracer = this.#provider.getTracer('csi-driver-loop')
  }

  begin(path: string, subject: Readonly<Record<string, unknown>>, headers: TraceHeaders): CallSpan {
    const parent = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    const name = path.slice(1)
    const subjectAttributes = Object.entries(subject).map(([key, value]): [string, string] => [
      `csi.${key}`,
      String(value),
    ])
    const attributes = {
      'rpc.system.name': 'grpc',
      'rpc.method': name,
      ...Object.fromEntries(subjectAttributes),
    }
    const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
    const context = trace.setSpan(parent, span)
    const outgoing: TraceHeaders = {}
    propagator.inject(context, outgoing, defaultTextMapSetter)
    return {
      headers: outgoing,
      run: (work) => this.#contexts.run(context, work),
      end(code, message = '') {
        span.setAttribute('rpc.status_code', code)
        if (serverErrors.includes(code)) span.setStatus({ code: SpanStatusCode.ERROR, message })
        span.end()
      },
    }
  }

  async step<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const parent = this.#contexts.getStore() ?? ROOT_CONTEXT
    const span = this.#tracer.startSpan(step, {}, parent)
    try {
      return await this.#contexts.run(trace.setSpan(parent, span), work)
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
      throw error
    } finally {
      span.end()
    }
  }

  repaired(): void {
    // Repairs are counted, not traced.
  }

  /** Sends the remaining spans. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined)
  }
}
