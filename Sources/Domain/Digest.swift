import Encoding

/// The SHA-256 of some bytes: how everything here is named that must not change unseen.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  // The raw bytes as words, the first byte the most significant: a value that is passed and compared without memory
  // of its own.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// Takes the raw bytes, eight to a word, the first of them the most significant.
  public init(words first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    self.first = first
    self.second = second
    self.third = third
    self.fourth = fourth
  }

  /// Takes the raw bytes; nil unless there are 32.
  public init?(bytes: some Sequence<UInt8>) {
    var words: [UInt64] = [0, 0, 0, 0]
    var count = 0
    for byte in bytes {
      guard count < 32 else { return nil }
      words[count / 8] = words[count / 8] << 8 | UInt64(byte)
      count += 1
    }
    guard count == 32 else { return nil }
    self.init(words: words[0], words[1], words[2], words[3])
  }

  /// The raw bytes, eight to a word, the first of them the most significant.
  public var words: (UInt64, UInt64, UInt64, UInt64) { (first, second, third, fourth) }

  /// The first eight bytes, the first of them the most significant.
  public var prefix: UInt64 { first }

  /// The 32 raw bytes.
  public var bytes: [UInt8] {
    [first, second, third, fourth].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
    }
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

  /// Appends 64 hexadecimal digits.
  public func appendHexadecimal(to text: inout [UInt8]) {
    Hexadecimal.append(first, to: &text)
    Hexadecimal.append(second, to: &text)
    Hexadecimal.append(third, to: &text)
    Hexadecimal.append(fourth, to: &text)
  }

  /// `sha256:` and 64 hexadecimal digits.
  public var description: String { "sha256:\(hexadecimal)" }

  /// The first twelve digits, for people.
  public var short: String { "sha256:\(hexadecimal.prefix(12))…" }

  /// The order of the raw bytes.
  public static func < (left: Digest, right: Digest) -> Bool {
    (left.first, left.second, left.third, left.fourth)
      < (right.first, right.second, right.third, right.fourth)
  }
}
