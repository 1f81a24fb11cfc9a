public import Encoding

/// How much a finding weighs, least first.
public enum Severity: String, Sendable, Comparable, CaseIterable {
  /// Worth knowing, no fault.
  case note
  /// Allowed, yet odd.
  case low
  /// Stops a lift or breaks a rule of good order.
  case medium
  /// The artifact attacks a reader, or cannot be trusted to be what it says.
  case high
  /// Loading the artifact the ordinary way would run code of its author's choosing.
  case critical

  /// Whether the left weighs less.
  public static func < (left: Severity, right: Severity) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What inspection says of an artifact as a whole.
public enum InspectionVerdict: String, Sendable, CaseIterable {
  /// Every part of it is understood.
  case liftable
  /// Honest as far as one can see, but not known: it is not run to find out.
  case notLiftable = "not-liftable"
  /// It would run code, reach outside itself, or attack whoever reads it.
  case dangerous
  /// It is not what any reader accepts.
  case malformed
}

/// One thing that inspection has to say about an artifact.
public struct Finding: Hashable, Sendable {
  /// The stable id of the rule, such as `pickle.call`.
  public let rule: String
  /// How much it weighs.
  public let severity: Severity
  /// The file inside the artifact, `/`-separated; empty for an artifact that is one file.
  public let member: String
  /// Where in that file, in bytes after decompression; nil where it is about the whole of it.
  public let offset: Int?
  /// The opcode at that place, for pickles.
  public let opcode: String?
  /// What is there, one line: what was expected and what was found.
  public let message: String
  /// What to do about it.
  public let remedy: String

  /// States one finding.
  public init(
    rule: String, severity: Severity, member: String = "", offset: Int? = nil, opcode: String? = nil,
    message: String, remedy: String
  ) {
    self.rule = rule
    self.severity = severity
    self.member = member
    self.offset = offset
    self.opcode = opcode
    self.message = message
    self.remedy = remedy
  }

  /// The finding as reports carry it.
  public var json: JSON {
    [
      "rule": .string(rule), "severity": .string(severity.rawValue), "member": .string(member),
      "offset": offset.map { JSON($0) } ?? .null, "opcode": opcode.map { .string($0) } ?? .null,
      "message": .string(message), "remedy": .string(remedy),
    ]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let rule = json["rule"]?.string,
      let severity = json["severity"]?.string.flatMap(Severity.init(rawValue:)),
      let message = json["message"]?.string, let remedy = json["remedy"]?.string
    else { return nil }
    self.init(
      rule: rule, severity: severity, member: json["member"]?.string ?? "", offset: json["offset"]?.int,
      opcode: json["opcode"]?.string, message: message, remedy: remedy)
  }
}
