import Domain

/// A request that is answered, with what its span says of it.
///
/// Made for those requests alone that have an `OpenSpan`.
final class AnsweredRequest: Sendable {
  let context: OpenSpan
  /// What the access record says of it.
  let record: AccessRecord
  /// What it was asked by, `/v2/models/{model}/infer`; nil where it was nothing that is served.
  let route: String?
  /// What it came by.
  let transport: RequestTransport
  /// The parts of its time.
  let times: ModelStatistics.Times
  /// Nanoseconds since 1970 of its head.
  let start: Int

  init(
    _ span: OpenSpan, _ draft: AccessDraft, _ record: AccessRecord, _ times: ModelStatistics.Times
  ) {
    context = span
    self.record = record
    route = draft.route.map { "\($0)" }
    transport = draft.transport
    self.times = times
    start = draft.start + Clock.offset()
  }
}

/// A request that was answered, as a span of its trace.
struct RequestSpan: Sendable {
  let request: AnsweredRequest
  /// Where its record stands; nil where it has none.
  let receipt: Receipt?
  /// Whether a refusal went out in the place of the answer, because it could not be recorded.
  var isWithheld = false

  var context: OpenSpan { request.context }
  var record: AccessRecord { request.record }
  /// The status of what went out.
  var status: Int { isWithheld ? 503 : record.status }
  /// The code of the problem that went out.
  var code: String? { isWithheld ? RecordRound.unwritableCode : record.code }
}
