public import Encoding

/// What the connections of a program are secured by.
public struct PlaneCertificate: Equatable, Sendable {
  /// From when on the certificate in use holds; nil where that is not known.
  public let begin: Timestamp?
  /// When it ends.
  public let end: Timestamp
  /// The code of what is wrong with the newest files, so that older ones are still in use; nil where nothing is.
  public let failure: String?

  /// States what connections are secured by.
  public init(begin: Timestamp? = nil, end: Timestamp, failure: String? = nil) {
    self.begin = begin
    self.end = end
    self.failure = failure
  }

  /// The certificate as the control socket carries it.
  public var json: JSON {
    [
      "begin": begin.map { .integer($0.milliseconds) } ?? .null, "end": .integer(end.milliseconds),
      "failure": failure.map { .string($0) } ?? .null,
    ]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let end = json["end"]?.plausibleMoment else { return nil }
    self.init(
      begin: json["begin"]?.plausibleMoment, end: end,
      failure: json["failure"]?.string?.excerpt(64))
  }
}
