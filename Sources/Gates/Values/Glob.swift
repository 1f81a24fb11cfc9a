import Documents
import YAML

import Domain

/// A pattern for names, in which `*` stands for any characters, none too, and every other character for itself.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
  static let lengthLimit = 200
  static let starLimit = 8

  /// The pattern as it was written.
  public let description: String

  /// Takes a pattern; nil where it is empty, has more than 200 bytes, more than 8 stars, or a control character.
  public init?(parsing text: String) {
    guard 1...Self.lengthLimit ~= text.utf8.count, text.utf8.count(where: { $0 == star }) <= Self.starLimit,
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else { return nil }
    description = text
  }

  /// Whether the whole of a name is what the pattern says.
  public func matches(_ name: String) -> Bool { name.matches(wildcards: description) }
}

private let star = UInt8(ascii: "*")

extension DocumentReading {
  /// A list of patterns in which `*` stands for anything.
  mutating func globs(_ node: YAMLNode?, _ what: String) -> [Glob] {
    elements(of: node, what).compactMap { element in
      value(element, "\(what) of 1 to \(Glob.lengthLimit) bytes with at most \(Glob.starLimit) '*'") {
        Glob(parsing: $0)
      }
    }
  }
}
