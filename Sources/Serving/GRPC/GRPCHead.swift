import Domain
import Encoding
import NIOCore
import NIOHPACK

/// What the header fields of a stream say of a call.
struct GRPCHead {
  /// What is called; nil where the refusal says why not.
  var method: GRPCMethod?
  /// How long the messages are with their prefixes.
  var length = DeclaredLength()
  /// What decisions are made on.
  var request = RequestHead(method: "POST", target: "")
  /// How compressed messages are compressed.
  var coding: String?
  /// How long the caller waits; nil where it waits for ever.
  var timeout: TimeAmount?
  /// The answer that is certain already.
  var refusal: Answer?
  /// Whether the caller speaks gRPC; if not, it is answered as on any other route.
  private(set) var isGRPC = false

  /// Reads the fields; `:path` and `:method` are there, HTTP/2 sees to that.
  init(_ headers: HPACKHeaders) {
    request.isProtobuf = true
    var takesTrailers = false
    for (name, value, _) in headers {
      // The length first: most fields are none of these, and no text is compared for them.
      switch name.utf8.count {
      case 2 where name == "te": takesTrailers = value == "trailers"
      case 5 where name == ":path": request.target = value
      case 7 where name == ":method": request.method = value
      case 10 where name == "tracestate", 11 where name == "traceparent": request.note(name, value)
      case 12 where name == "content-type": isGRPC = Self.isMessages(value)
      case 12 where name == "grpc-timeout":
        timeout = Self.timeout(value)
        if timeout == nil {
          refuse(
            Problem(
              .badInput, "grpc.timeout",
              "expected up to 8 digits and one of H, M, S, m, u, n as grpc-timeout, found '\(value.excerpt(20))'"
            ))
        }
      case 13 where name == "authorization":
        if request.authorization != nil { refuse(RequestHead.Fault.severalAuthorizations.problem) }
        request.authorization = value
      case 13 where name == "grpc-encoding": coding = value == "identity" ? nil : value
      case 14 where name == "content-length":
        if !length.declare(value) { refuse(RequestHead.Fault.contentLength.problem) }
      case 20 where name == "gatehouse-timeout-ms":
        request.note(name, value)
        if request.fault == .timeout { refuse(RequestHead.Fault.timeout.problem) }
      case 22 where name == "gatehouse-feedback-key":
        request.note(name, value)
        if request.fault == .feedbackKey { refuse(RequestHead.Fault.feedbackKey.problem) }
      default: break
      }
    }
    check(takesTrailers: takesTrailers)
  }

  private mutating func check(takesTrailers: Bool) {
    guard isGRPC else {
      return refuse(
        Problem(
          .badInput, "grpc.content-type",
          "expected the Content-Type application/grpc or application/grpc+proto"),
        status: 415)
    }
    guard request.method == "POST" else {
      isGRPC = false
      return refuse(
        Problem(
          .badInput, "request.method-not-allowed",
          "expected POST for a call, found '\(request.method.excerpt(20))'"), status: 405)
    }
    guard takesTrailers else {
      return refuse(
        Problem(
          .badInput, "grpc.trailers", "expected the field 'te: trailers', found none",
          hint: "have proxies on the way let trailers through"))
    }
    guard let method = GRPCMethod(rawValue: request.target) else {
      return refuse(
        Problem(
          .notFound, "grpc.no-such-method",
          "expected a method of inference.GRPCInferenceService, grpc.health.v1.Health or the reflection service, "
            + "found '\(request.target.excerpt(80))'"), status: 501)
    }
    if let coding, ContentCoding(coding) == nil {
      return refuse(
        Problem(
          .badInput, "grpc.encoding",
          "expected the grpc-encoding identity, gzip or deflate, found '\(coding.excerpt(40))'"),
        status: 501)
    }
    self.method = method
  }

  private mutating func refuse(_ problem: Problem, status: Int? = nil) {
    if refusal == nil { refusal = Answer(problem, status: status) }
  }

  /// Has a message begin within what is left of `grpc-timeout`, where the caller's own time for it is not over before.
  ///
  /// `arrival` is when the request came in that the message is, which its time counts from.
  mutating func limit(to left: TimeAmount, from arrival: Arrival) {
    let time = Clock.monotonic() - arrival.nanoseconds + Int(min(left, .hours(1)).nanoseconds)
    request.timeout = min(request.timeout ?? time, time)
  }

  /// Whether a content type is that of protobuf's messages in gRPC's frames.
  private static func isMessages(_ value: String) -> Bool {
    value == "application/grpc" || value == "application/grpc+proto" || value.hasPrefix("application/grpc;")
      || value.hasPrefix("application/grpc+proto;")
  }

  /// The time of a field `grpc-timeout` (PROTOCOL-HTTP2.md of gRPC): digits and a unit; nil where it is none.
  static func timeout(_ value: String) -> TimeAmount? {
    let digits = value.utf8.dropLast()
    guard let unit = value.utf8.last, (1...8).contains(digits.count),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let count = Int64(Substring(digits))
    else { return nil }
    return switch unit {
    case UInt8(ascii: "H"): .hours(count)
    case UInt8(ascii: "M"): .minutes(count)
    case UInt8(ascii: "S"): .seconds(count)
    case UInt8(ascii: "m"): .milliseconds(count)
    case UInt8(ascii: "u"): .microseconds(count)
    case UInt8(ascii: "n"): .nanoseconds(count)
    default: nil
    }
  }
}
