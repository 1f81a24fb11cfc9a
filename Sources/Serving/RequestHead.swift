/// What of a request is known before its body, in the terms that decisions are made in.
struct RequestHead: Equatable, Sendable {
  var method: String
  var target: String
  /// The value of the one Authorization field.
  var authorization: String?
  /// Whether the body is compressed, or in the binary form of the protocol's extension.
  var bodyForm: BodyForm = .plain
  var body: BodyLength = .none
  /// Whether the caller waits for `100 Continue` before it sends the body.
  var expectsContinue = false
  /// Whether the caller would use the connection again.
  var keepsAlive = true
  /// Whether the caller speaks HTTP/1.0 and must be told that the connection stays.
  var isHTTP10 = false
  /// What of the head is against RFC 9112, where something is.
  var fault: Fault?

  enum BodyForm: Equatable, Sendable {
    case plain
    /// The coding that Content-Encoding names.
    case encoded(String)
    case binaryTensors
  }

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
  }

  /// Whether the answer goes without its body.
  var isHead: Bool { method == "HEAD" }
}
