/// By which rules versions come one after another.
public enum VersionOrder: Sendable {
  /// PEP 440, as the Python Package Index has it.
  case python
  /// Semantic Versioning 2.0.0.
  case semantic

  /// The order of an ecosystem's versions; nil where none is known here, so that only versions that are listed match.
  init?(of ecosystem: String) {
    switch ecosystem {
    case "PyPI": self = .python
    case "SwiftURL", "crates.io", "npm", "Go", "Hex", "Pub", "GitHub Actions": self = .semantic
    default: return nil
    }
  }

  /// Reads a version; nil for what this order has no place for.
  func version(_ text: some StringProtocol) -> OrderedVersion? {
    switch self {
    case .python: PythonVersion(parsing: text).map { .python($0) }
    case .semantic: SemanticVersion(parsing: text).map { .semantic($0) }
    }
  }
}

/// A version that can be compared with others of its order.
enum OrderedVersion: Hashable, Comparable {
  case python(PythonVersion)
  case semantic(SemanticVersion)

  /// Whether it says which build of a release it is, in an order that has a place for that.
  var hasLocalPart: Bool {
    switch self {
    case .python(let version): version.hasLocalPart
    case .semantic: false
    }
  }

  /// The version as it is held against a bound, or against one that is listed.
  func compared(with bound: OrderedVersion) -> OrderedVersion {
    guard case .python(let version) = self, case .python(let bound) = bound else { return self }
    return .python(version.compared(with: bound))
  }

  /// Whether the left comes first; versions of two orders are never compared.
  static func < (left: OrderedVersion, right: OrderedVersion) -> Bool {
    switch (left, right) {
    case (.python(let left), .python(let right)): left < right
    case (.semantic(let left), .semantic(let right)): left < right
    case (.python, .semantic), (.semantic, .python): false
    }
  }
}
