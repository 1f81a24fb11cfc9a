import Domain
import Encoding
import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// Puts answers on the wire: head and body in one buffer, so that a small answer is one write; a large body comes behind.
final class AnswerWriter: Sendable {
  /// The date of the present second.
  ///
  /// Its second is the one it was made for.
  private let present = NIOLockedValueBox((second: time_t(-1), date: ""))

  /// How many bytes a head has at most, as a rule.
  static let usualHeadBytes = 256

  /// What of the request bears on how its answer is written.
  struct Context {
    var isHead = false
    var isHTTP10 = false
  }

  /// Writes the head, and the body unless it is large.
  func write(_ outgoing: OutgoingAnswer, to buffer: inout ByteBuffer) {
    buffer.writeBytes(head(of: outgoing))
    if !outgoing.context.isHead { buffer.writeBytes(outgoing.answer.body) }
  }

  private func head(of outgoing: OutgoingAnswer) -> [UInt8] {
    let answer = outgoing.answer
    var head: [UInt8] = []
    head.reserveCapacity(Self.usualHeadBytes)
    head.append("HTTP/1.1 ")
    head.append(decimal: answer.status)
    head.append(" ")
    head += answer.reason.utf8
    head.append("\r\nContent-Type: ")
    head += answer.form.type.utf8
    if case .binaryTensors(let headerBytes) = answer.form {
      head.append("\r\nInference-Header-Content-Length: ")
      head.append(decimal: headerBytes)
    }
    head.append("\r\nContent-Length: ")
    head.append(decimal: answer.bodyBytes)
    head.append("\r\nDate: ")
    head += date().utf8
    head.append("\r\n")
    for field in answer.fields { head += "\(field.name): \(field.value)\r\n".utf8 }
    if let receipt = outgoing.receipt {
      head.append("Gatehouse-Receipt: ")
      receipt.append(to: &head)
      head.append("\r\n")
    }
    if let span = outgoing.span {
      head.append("Traceresponse: ")
      head += span.context.response.utf8
      head.append("\r\n")
    }
    if outgoing.isLast {
      head.append("Connection: close\r\n")
    } else if outgoing.context.isHTTP10 {
      head.append("Connection: keep-alive\r\n")
    }
    head.append("\r\n")
    return head
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
