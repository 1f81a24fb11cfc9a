import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// Puts answers on the wire: head and body in one buffer, so that a small answer is one write.
final class AnswerWriter: Sendable {
  /// The Date field of the present second. Its second is the one it was made for.
  private let date = NIOLockedValueBox((second: time_t(-1), line: ""))

  /// What of the request bears on how its answer is written.
  struct Context {
    var isHead = false
    var isHTTP10 = false
  }

  func write(_ answer: Answer, _ context: Context, isLast: Bool, to buffer: inout ByteBuffer) {
    buffer.writeString("HTTP/1.1 ")
    buffer.writeString(answer.status.description)
    buffer.writeString(" ")
    buffer.writeString(answer.reason)
    buffer.writeString("\r\nContent-Type: application/json\r\nContent-Length: ")
    buffer.writeString(answer.body.count.description)
    buffer.writeString("\r\n")
    buffer.writeString(dateLine())
    for field in answer.fields { buffer.writeString(field.line) }
    if isLast {
      buffer.writeString("Connection: close\r\n")
    } else if context.isHTTP10 {
      buffer.writeString("Connection: keep-alive\r\n")
    }
    buffer.writeString("\r\n")
    if !context.isHead { buffer.writeBytes(answer.body) }
  }

  private func dateLine() -> String {
    let now = unsafe time(nil)
    return date.withLockedValue { date in
      if date.second != now { date = (now, Self.dateLine(now)) }
      return date.line
    }
  }

  /// RFC 9110 section 5.6.7, `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
  static func dateLine(_ second: time_t) -> String {
    var second = second
    var parts = tm()
    guard unsafe gmtime_r(&second, &parts) != nil else { return "" }
    func padded(_ value: CInt) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "Date: \(days[Int(parts.tm_wday)]), \(padded(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
      + " \(parts.tm_year + 1900) \(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec)) GMT\r\n"
  }
}
