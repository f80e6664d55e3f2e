/** By which a call belongs to a trace (W3C Trace Context). */
export interface TraceHeaders {
  readonly traceparent?: string
  readonly tracestate?: string
}

/** One call, as a part of a trace. */
export interface CallSpan {
  /** For the calls that are made for this one. */
  readonly headers: TraceHeaders
  /** Does the work; what it does belongs to this span. */
  run<T>(work: () => T): T
  /** @param code the status by name @param details what the caller is told of a failure */
  end(code: string, details: string | undefined): void
}

/** Follows calls through processes. */
export interface CallTracer {
  /**
   * @param path the method's, as gRPC has it: `/csi.v1.Controller/CreateVolume`
   * @param subject what the call is about: `{volume: '…'}`
   * @param headers those that came with the call
   */
  begin(path: string, subject: Readonly<Record<string, unknown>>, headers: TraceHeaders): CallSpan
}

/** Nobody follows; others may, so the headers are handed on. */
export const untraced: CallTracer = {
  begin: (_path, _subject, headers) => ({ headers, run: (work) => work(), end: () => undefined }),
}
