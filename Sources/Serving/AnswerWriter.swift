import Domain
import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// Puts answers on the wire: head and body in one buffer, so that a small answer is one write.
final class AnswerWriter: Sendable {
  /// The date of the present second.
  ///
  /// Its second is the one it was made for.
  private let present = NIOLockedValueBox((second: time_t(-1), date: ""))

  /// What of the request bears on how its answer is written.
  struct Context {
    var isHead = false
    var isHTTP10 = false
  }

  func write(_ outgoing: OutgoingAnswer, to buffer: inout ByteBuffer) {
    let (answer, context) = (outgoing.answer, outgoing.context)
    buffer.writeString("HTTP/1.1 ")
    buffer.writeString(answer.status.description)
    buffer.writeString(" ")
    buffer.writeString(answer.reason)
    buffer.writeString("\r\n")
    buffer.writeString("Content-Type: ")
    buffer.writeString(answer.form.type)
    if case .binaryTensors(let headerBytes) = answer.form {
      buffer.writeString("\r\nInference-Header-Content-Length: ")
      buffer.writeString(headerBytes.description)
    }
    buffer.writeString("\r\nContent-Length: ")
    buffer.writeString(answer.body.count.description)
    buffer.writeString("\r\nDate: ")
    buffer.writeString(date())
    buffer.writeString("\r\n")
    for field in answer.fields { buffer.writeString("\(field.name): \(field.value)\r\n") }
    if let receipt = outgoing.receipt {
      buffer.writeString("Gatehouse-Receipt: ")
      buffer.writeString(receipt.description)
      buffer.writeString("\r\n")
    }
    if let span = outgoing.span {
      buffer.writeString("Traceresponse: ")
      buffer.writeString(span.context.response)
      buffer.writeString("\r\n")
    }
    if outgoing.isLast {
      buffer.writeString("Connection: close\r\n")
    } else if context.isHTTP10 {
      buffer.writeString("Connection: keep-alive\r\n")
    }
    buffer.writeString("\r\n")
    if !context.isHead { buffer.writeBytes(answer.body) }
  }

  /// The value of the Date field.
  func date() -> String {
    let now = time(nil)
    return present.withLockedValue { present in
      if present.second != now { present = (now, Self.date(now)) }
      return present.date
    }
  }

  /// RFC 9110 section 5.6.7, `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func date(_ moment: time_t) -> String {
    var moment = moment
    var parts = unsafe tm()
    guard unsafe gmtime_r(&moment, &parts) != nil else { return "" }
    func padded(_ value: CInt) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (weekday, month) = unsafe (Int(parts.tm_wday), Int(parts.tm_mon))
    let (day, year) = unsafe (parts.tm_mday, parts.tm_year + 1900)
    let (hour, minute, second) = unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(days[weekday]), \(padded(day)) \(months[month]) \(year)"
      + " \(padded(hour)):\(padded(minute)):\(padded(second)) GMT"
  }
}
