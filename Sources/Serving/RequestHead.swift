/// What of a request is known before its body, in the terms that decisions are made in.
struct RequestHead: Equatable, Sendable {
  var method: String
  var target: String
  /// The value of the one Authorization field.
  var authorization: String?
  /// The value of Content-Encoding, where the body is not sent as it is.
  var contentEncoding: String?
  /// The value of Inference-Header-Content-Length, where tensors in binary follow the JSON.
  var inferenceHeader: String?
  /// The value of traceparent (W3C Trace Context).
  var traceParent: String?
  /// The value of tracestate.
  var traceState: String?
  /// The value of Gatehouse-Affinity: whom the caller asks for, where versions share the traffic by that.
  var affinity: String?
  /// The value of Gatehouse-Feedback-Key: what the caller will call the request when labels come.
  var feedbackKey: String?
  /// What it came by.
  var transport = RequestTransport()
  /// The nanoseconds from the head on that the caller gives a prediction to begin; nil for any time.
  var timeout: Int?
  /// Whether Content-Type says that the body is comma-separated values.
  var isCSV = false
  /// Whether the body is a message of gRPC.
  var isProtobuf = false
  var body: BodyLength = .none
  /// Whether the caller waits for `100 Continue` before it sends the body.
  var expectsContinue = false
  /// Whether the caller would use the connection again.
  var keepsAlive = true
  /// Whether the caller speaks HTTP/1.0 and must be told that the connection stays.
  var isHTTP10 = false
  /// What of the head is against RFC 9112 or 9113, where something is.
  var fault: Fault?

  enum BodyLength: Equatable, Sendable {
    case none
    /// Bytes, by Content-Length.
    case declared(Int)
    case chunked
  }

  enum Fault: Equatable, Sendable {
    /// HTTP/1.1 asks for exactly one Host field.
    case host
    case severalAuthorizations
    case expectation
    case timeout
    case feedbackKey
    /// No Transfer-Encoding but `chunked`, once, is taken, and HTTP/1.0 knows none.
    case transferCoding
    /// The body is not as long as the head says.
    case contentLength
  }

  /// Whether the answer goes without its body.
  var isHead: Bool { method == "HEAD" }
}
