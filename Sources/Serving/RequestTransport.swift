/// What a request came by.
struct RequestTransport: Equatable, Sendable {
  /// What is spoken on the connection.
  enum Wire: String, Sendable, CaseIterable {
    case http1 = "http/1.1"
    case http2 = "http/2"
    case grpc

    /// The version of HTTP that it is, or that it is carried by.
    var httpVersion: String { self == .http1 ? "1.1" : "2" }
  }

  var wire = Wire.http1
  var isEncrypted = false
}
