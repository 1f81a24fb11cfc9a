import Encoding

/// A movable name for a version of a model: `champion`, `challenger`.
///
/// Lower-case letters, digits and `-` inside, 1 to 63 characters, not digits alone: what stands where a version may
/// stand is a number or an alias, never both.
public struct AliasName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Takes a name that keeps the rules.
  public init(parsing text: String) throws(Problem) {
    guard Self.isValid(text) else {
      throw Problem(
        .badInput, "alias.malformed",
        "expected an alias of 1 to 63 lower-case letters, digits and '-' that starts and ends with a letter or"
          + " digit and is not digits alone, found '\(text.excerpt(80))'",
        hint: "name it like 'champion' or 'canary-2'")
    }
    self.description = text
  }

  private static func isValid(_ text: String) -> Bool {
    let utf8 = text.utf8
    guard 1...63 ~= utf8.count, utf8.first != hyphen, utf8.last != hyphen else { return false }
    return utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == hyphen } && !utf8.allSatisfy(isDigit)
  }

  private static let hyphen = UInt8(ascii: "-")
  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= byte }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= byte }

  /// The order of the text.
  public static func < (left: AliasName, right: AliasName) -> Bool { left.description < right.description }
}

/// What picks one version of a model: its number, or an alias.
public enum VersionSelector: Hashable, Sendable, CustomStringConvertible {
  case number(VersionNumber)
  case alias(AliasName)

  /// Reads a number where the text is digits alone, else an alias.
  public init(parsing text: String) throws(Problem) {
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }) {
      self = .number(try VersionNumber(parsing: text))
    } else {
      self = .alias(try AliasName(parsing: text))
    }
  }

  /// The number or the alias.
  public var description: String {
    switch self {
    case .number(let version): version.description
    case .alias(let alias): alias.description
    }
  }
}

/// A model, or what an alias or a number picks of it: `iris`, `iris@3`, `iris@champion`.
public struct ModelReference: Hashable, Sendable, CustomStringConvertible {
  /// The model.
  public let name: ModelName
  /// What picks one of its versions; nil where the text names none.
  public let version: VersionSelector?

  /// Names a model, or one of its versions.
  public init(name: ModelName, version: VersionSelector?) {
    self.name = name
    self.version = version
  }

  /// Reads `name`, `name@number` or `name@alias`.
  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let name = try ModelName(parsing: String(parts[0]))
    guard parts.count == 2 else {
      self.init(name: name, version: nil)
      return
    }
    self.init(name: name, version: try VersionSelector(parsing: String(parts[1])))
  }

  /// The name, and what picks the version.
  public var description: String { version.map { "\(name)@\($0)" } ?? name.description }
}

/// An alias and the version that it names.
public struct Alias: Equatable, Sendable {
  /// The most aliases that one model can have: each may keep a version in the data plane's memory.
  public static let limit = 16

  /// The model.
  public let model: ModelName
  /// The name.
  public let name: AliasName
  /// The version that it names.
  public let version: VersionNumber
  /// The digest of that version's bundle.
  public let bundle: Digest
  /// Since when.
  public let since: Timestamp

  /// Records which version an alias names.
  public init(model: ModelName, name: AliasName, version: VersionNumber, bundle: Digest, since: Timestamp) {
    self.model = model
    self.name = name
    self.version = version
    self.bundle = bundle
    self.since = since
  }

  /// The model and the alias, `iris@champion`.
  public var reference: ModelReference { ModelReference(name: model, version: .alias(name)) }
}
