/// What a request came by.
struct RequestTransport: Equatable, Sendable {
  /// The version of HTTP.
  enum Version: String, Sendable {
    case http1 = "1.1"
    case http2 = "2"
  }

  /// What is spoken on the connection.
  enum Wire: String, Sendable, CaseIterable {
    case http1 = "http/1.1"
    case http2 = "http/2"
    case grpc
  }

  var version = Version.http1
  var isEncrypted = false
  /// Whether it is a call of gRPC, which HTTP/2 carries.
  var isGRPC = false

  var wire: Wire {
    if isGRPC { return .grpc }
    return version == .http1 ? .http1 : .http2
  }
}
