/// A version of Semantic Versioning 2.0.0 (https://semver.org).
public struct SemanticVersion: Hashable, Sendable {
  static let lengthLimit = 256

  /// One identifier of a pre-release: numbers come before words.
  private enum Identifier: Hashable, Comparable {
    case number(UInt64)
    case word(String)
  }

  private let numbers: [UInt64]
  /// Empty for a release.
  private let early: [Identifier]

  /// Reads `1.2.3-rc.1+build`; nil for what is no version.
  ///
  /// Numbers that are left out at the end are zeros, a `v` in front says nothing, and what follows `+` does not count.
  public init?(parsing text: some StringProtocol) {
    guard 1...Self.lengthLimit ~= text.utf8.count else { return nil }
    var bytes = Array(text.utf8)[...]
    if bytes.first == UInt8(ascii: "v") { bytes = bytes.dropFirst() }
    if let plus = bytes.firstIndex(of: UInt8(ascii: "+")) {
      guard Self.parts(of: bytes[(plus + 1)...]) != nil else { return nil }
      bytes = bytes[..<plus]
    }
    var early: [Identifier] = []
    if let dash = bytes.firstIndex(of: UInt8(ascii: "-")) {
      guard let parts = Self.parts(of: bytes[(dash + 1)...]) else { return nil }
      for part in parts {
        guard part.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
          early.append(.word(part))
          continue
        }
        guard let number = Self.number(part) else { return nil }
        early.append(.number(number))
      }
      bytes = bytes[..<dash]
    }
    var numbers: [UInt64] = []
    for part in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
      guard numbers.count < 3, part.allSatisfy({ 0x30...0x39 ~= $0 }),
        let number = Self.number(String(decoding: part, as: UTF8.self))
      else { return nil }
      numbers.append(number)
    }
    self.numbers = numbers + Array(repeating: 0, count: 3 - numbers.count)
    self.early = early
  }

  /// A number as the specification writes it: without a zero in front.
  private static func number(_ text: String) -> UInt64? {
    text.utf8.count > 1 && text.hasPrefix("0") ? nil : UInt64(text)
  }

  private static func parts(of bytes: ArraySlice<UInt8>) -> [String]? {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let isWhole = parts.allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy {
          0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "-")
        }
    }
    return isWhole ? parts.map { String(decoding: $0, as: UTF8.self) } : nil
  }
}

extension SemanticVersion: Comparable {
  /// The precedence of the specification's section 11.
  public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
    if left.early.isEmpty || right.early.isEmpty { return !left.early.isEmpty }
    return left.early.lexicographicallyPrecedes(right.early)
  }
}
