import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as OTLP over HTTP has it in JSON (opentelemetry.proto.trace.v1.Span). */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
  readonly status?: { readonly code?: number; readonly message?: string }
  /** Attributes of the process that has sent it. */
  readonly process: Readonly<Record<string, string | undefined>>
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: ReceivedSpan['attributes'] }
    readonly scopeSpans: readonly { readonly spans: readonly Omit<ReceivedSpan, 'process'>[] }[]
  }[]
}

/** So much of a receiver of traces as keeps what it gets. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#receive(request).then(() => response.setHeader('content-type', 'application/json').end('{}'))
    })
  }

  static async listen(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The only span of this name. */
  span(name: string): ReceivedSpan {
    const [found, ...others] = this.spans.filter((span) => span.name === name)
    if (found && others.length === 0) return found
    throw new Error(
      `${others.length + (found ? 1 : 0)} of ${name}: ${this.spans.map((span) => span.name).join(', ')}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve)
      this.#server.closeAllConnections()
    })
  }

  async #receive(request: IncomingMessage): Promise<void> {
    if (request.url !== '/v1/traces') throw new Error(`unexpected ${request.url ?? ''}`)
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
    for (const { resource, scopeSpans } of (JSON.parse(text) as Export).resourceSpans) {
      const process = attributesOf(resource.attributes)
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => ({ ...span, process })))
    }
  }
}

export function attributesOf(attributes: ReceivedSpan['attributes']): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
}
