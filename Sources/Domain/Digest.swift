import Encoding

/// The SHA-256 of some bytes: how everything here is named that must not change unseen.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 32 raw bytes.
  public let bytes: [UInt8]

  /// Takes the raw bytes; nil unless there are 32.
  public init?(bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// Reads `sha256:` and 64 lower-case hexadecimal digits.
  public init(parsing text: String) throws(Problem) {
    let prefix = "sha256:"
    guard text.hasPrefix(prefix), let digest = Digest(hexadecimal: text.dropFirst(prefix.count)) else {
      throw Problem(
        .badInput, "digest.malformed",
        "expected 'sha256:' and 64 lower-case hexadecimal digits, found '\(text.excerpt(80))'")
    }
    self = digest
  }

  /// Reads 64 lower-case hexadecimal digits; nil for anything else.
  public init?(hexadecimal text: some StringProtocol) {
    guard let bytes = Hexadecimal.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// 64 hexadecimal digits.
  public var hexadecimal: String { Hexadecimal.encode(bytes) }

  /// `sha256:` and 64 hexadecimal digits.
  public var description: String { "sha256:\(hexadecimal)" }

  /// The first twelve digits, for people.
  public var short: String { "sha256:\(hexadecimal.prefix(12))…" }

  /// The order of the raw bytes.
  public static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
