import Encoding

/// The name of a model and of the deployment that serves it.
///
/// Lower-case letters, digits, and `.`, `_`, `-` inside, no two `.` in a row; 1 to 63 characters. It stands
/// unescaped in URLs, file names, image references and metric labels.
public struct ModelName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Takes a name that keeps the rules.
  public init(parsing text: String) throws(Problem) {
    guard Self.isValid(text) else {
      throw Problem(
        .badInput, "name.malformed",
        "expected a model name of 1 to 63 lower-case letters, digits, '.', '_' and '-' that starts and ends"
          + " with a letter or digit and has no '..', found '\(text.excerpt(80))'",
        hint: "name it like 'fraud-score' or 'iris.v2'")
    }
    self.description = text
  }

  private static func isValid(_ text: String) -> Bool {
    // One pass over bytes: the name in the path of every request is held to the rules.
    let dot = UInt8(ascii: ".")
    var count = 0
    var previous: UInt8?
    for byte in text.utf8 {
      count += 1
      let isInside = previous != nil && !(byte == dot && previous == dot)
      let isPunctuation = byte == dot || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      guard count <= 63, isAlphanumeric(byte) || isPunctuation && isInside else { return false }
      previous = byte
    }
    return previous.map(isAlphanumeric) ?? false
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= byte || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= byte
  }

  /// The order of the text.
  public static func < (left: ModelName, right: ModelName) -> Bool {
    left.description < right.description
  }
}

/// The number of a version of a model: 1, 2, 3 …, never reused.
public struct VersionNumber: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The number, from 1.
  public let value: Int

  /// Takes a number; nil below 1 or above 2^31 − 1.
  public init?(_ value: Int) {
    guard 1...Int(Int32.max) ~= value else { return nil }
    self.value = value
  }

  /// Reads a number in decimal digits without sign or leading zero.
  public init(parsing text: String) throws(Problem) {
    guard let value = Int(text), String(value) == text, let version = VersionNumber(value) else {
      throw Problem(
        .badInput, "version.malformed", "expected a version number from 1, found '\(text.excerpt(40))'")
    }
    self = version
  }

  /// The version of a model's first push.
  public static let first = VersionNumber(unchecked: 1)

  private init(unchecked value: Int) { self.value = value }

  /// The number that follows.
  public var next: VersionNumber { VersionNumber(unchecked: value + 1) }

  /// The number in decimal digits.
  public var description: String { String(value) }

  /// The order of the numbers.
  public static func < (left: VersionNumber, right: VersionNumber) -> Bool { left.value < right.value }
}

/// One version of one model, `name@3`.
public struct VersionReference: Hashable, Sendable, CustomStringConvertible {
  /// The model.
  public let name: ModelName
  /// Which of its versions.
  public let version: VersionNumber

  /// Names a version of a model.
  public init(name: ModelName, version: VersionNumber) {
    self.name = name
    self.version = version
  }

  /// Reads `name@number`.
  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw Problem(
        .badInput, "version.malformed",
        "expected a model and a version such as 'iris@3', found '\(text.excerpt(80))'")
    }
    self.init(
      name: try ModelName(parsing: String(parts[0])),
      version: try VersionNumber(parsing: String(parts[1])))
  }

  /// The name and the number, `iris@3`.
  public var description: String { "\(name)@\(version)" }
}

/// Who acts: a person, a service, or the platform itself.
///
/// The name of a person is a handle that says nothing about them (`PersonHandle`): what names people stays out of the
/// ledger.
public struct Principal: Hashable, Sendable, CustomStringConvertible {
  /// What kind of actor it is.
  public enum Kind: String, Sendable {
    case person, service, platform
    /// Whoever has not shown who they are.
    case anonymous
  }

  /// What kind of actor it is.
  public let kind: Kind
  /// The name it is known by.
  public let name: String

  /// Names an actor.
  public init(kind: Kind, name: String) {
    self.kind = kind
    self.name = name
  }

  /// The platform acting of its own accord: recovery, supervision, schedules.
  public static let platform = Principal(kind: .platform, name: "gatehouse")

  /// Whoever has not shown who they are.
  public static let anonymous = Principal(kind: .anonymous, name: "caller")

  /// The kind and the name, `service:ci`.
  public var description: String { "\(kind.rawValue):\(name)" }

  /// Reads `kind:name`; nil for anything else.
  public init?(parsing text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), !parts[1].isEmpty else { return nil }
    self.init(kind: kind, name: String(parts[1]))
  }
}
