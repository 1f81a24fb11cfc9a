import Domain

/// Where the spans of a plane go, and which requests leave one.
struct Tracing: Sendable {
  let sampling: TraceSampling
  let exporter: SpanExporter
}

extension DataPlane {
  /// Begins the record of a request that has come in now, and its span where it leaves one.
  func draft(of head: RequestHead) -> AccessDraft {
    let parent = head.traceParent.flatMap { TraceParent($0) }
    let trace = parent?.trace ?? nextTrace()
    var draft = AccessDraft(trace: trace, transport: head.transport)
    var isSampled = false
    if let tracing { isSampled = parent?.isSampled ?? tracing.sampling.takes(trace) }
    if parent != nil || isSampled {
      draft.span = OpenSpan(
        trace: trace, span: nextSpan(), parent: parent?.span,
        state: parent == nil ? "" : TraceState.accepted(head.traceState), isSampled: isSampled,
        method: head.method, path: String(Route.path(of: head.target)))
    }
    return draft
  }

  /// Sends the span of a request whose answer goes out, where there is one to send.
  func end(_ span: AnsweredRequest?, receipt: Receipt?, isWithheld: Bool = false) {
    guard let span, span.context.isSampled else { return }
    tracing?.exporter.take(RequestSpan(request: span, receipt: receipt, isWithheld: isWithheld))
  }
}
