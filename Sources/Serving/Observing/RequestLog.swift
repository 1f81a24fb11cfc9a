import Domain
import Encoding

/// What the log says of requests: those that failed by no fault of their callers, and slow ones.
struct RequestLog: Sendable {
  let log: RuntimeLog
  /// From how many nanoseconds on a request is slow.
  let slow: Int

  /// Tells of a request where there is reason to; `fault` is what its caller was not told.
  func note(_ record: AccessRecord, fault: String?) {
    if record.status >= 500, record.status != 501 {
      log.limited(record.status == 503 ? .warning : .error, "a request failed", fields(of: record, fault))
    } else if record.nanoseconds >= slow {
      log.limited(.warning, "a request was slow", fields(of: record, nil))
    }
  }

  /// Tells of records that could not be written.
  func noteUnwritten(_ count: Int, _ failure: Problem?) {
    log.limited(
      .error, "records of requests cannot be written",
      [("count", .integer(Int64(count)))] + (failure.map(RuntimeLog.fields) ?? []))
  }

  /// Tells of a window of what came to a model that could not be written.
  func noteUnwrittenWindow(_ failure: Problem) {
    log.limited(.error, "what was seen of a model cannot be written", RuntimeLog.fields(of: failure))
  }

  /// Tells of a version whose reference does not read, or is of another model: it is held against nothing.
  func noteUselessReference(of version: VersionReference, _ failure: Problem) {
    log.limited(
      .warning, "a version is not held against its training data",
      [("version", .string(version.description))] + RuntimeLog.fields(of: failure))
  }

  /// Tells of a connection that was closed unanswered.
  func noteRefusedConnection(_ open: Int) {
    log.limited(.warning, "a connection was closed, there are too many", [("open", .integer(Int64(open)))])
  }

  private func fields(of record: AccessRecord, _ fault: String?) -> [RuntimeLog.Field] {
    var fields: [RuntimeLog.Field] = [
      ("trace", .string(record.trace)), ("status", .integer(Int64(record.status))),
      ("milliseconds", .number(Double(record.nanoseconds / 1000) / 1000)),
    ]
    if let code = record.code { fields.append(("code", .string(code))) }
    if let request = record.request { fields.append(("request", .string(request))) }
    if let deployment = record.deployment { fields.append(("deployment", .string(deployment.description))) }
    if let version = record.version { fields.append(("version", .integer(Int64(version)))) }
    if record.rows > 0 { fields.append(("rows", .integer(Int64(record.rows)))) }
    if let fault { fields.append(("fault", .string(fault))) }
    return fields
  }
}
