public import Encoding

/// What the connections of a program are secured by.
public struct PlaneCertificate: Equatable, Sendable {
  /// When the certificate in use ends.
  public let end: Timestamp
  /// The code of what is wrong with the newest files, so that older ones are still in use; nil where nothing is.
  public let failure: String?

  /// States what connections are secured by.
  public init(end: Timestamp, failure: String? = nil) {
    self.end = end
    self.failure = failure
  }

  /// The certificate as the control socket carries it.
  public var json: JSON {
    ["end": .integer(end.milliseconds), "failure": failure.map { .string($0) } ?? .null]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let end = json["end"]?.integer else { return nil }
    self.init(end: Timestamp(milliseconds: end), failure: json["failure"]?.string?.excerpt(64))
  }
}
