/// A version as Python packages number theirs (PEP 440).
///
/// https://packaging.python.org/en/latest/specifications/version-specifiers/
public struct PythonVersion: Sendable, CustomStringConvertible {
  /// The longest text that is read, in bytes.
  static let lengthLimit = 128
  private static let numberLimit = 32
  /// Longer words before those that they begin with.
  private static let earlyWords: [(word: StaticString, rank: UInt64)] = [
    ("alpha", 0), ("beta", 1), ("preview", 2), ("pre", 2), ("rc", 2), ("a", 0), ("b", 1), ("c", 2),
  ]

  /// One part of a local version: numbers come after words.
  private enum LocalPart: Hashable, Comparable {
    case word(String)
    case number(UInt64)
  }

  /// The version as it was written.
  public let description: String
  private let epoch: UInt64
  /// Zeros at the end say nothing: 1.2 and 1.2.0 are one.
  private let release: [UInt64]
  /// The numbers that are compared between the release and the local part, one after another.
  private let stage: [UInt64]
  private let local: [LocalPart]?

  /// Reads any spelling that PEP 440 takes for a version, `1.9.1`, `v2.0-RC1` or `1!2.post3+cu121`; nil for what is none.
  public init?(parsing text: some StringProtocol) {
    guard text.utf8.count <= Self.lengthLimit else { return nil }
    var rest = VersionText(text)
    _ = rest.take("v")
    guard let first = rest.number() else { return nil }
    var numbers: [UInt64] = []
    if rest.take("!") {
      epoch = first
      guard let number = rest.number() else { return nil }
      numbers.append(number)
    } else {
      epoch = 0
      numbers.append(first)
    }
    while let number = rest.number(behind: ".") {
      guard numbers.count < Self.numberLimit else { return nil }
      numbers.append(number)
    }
    while numbers.count > 1, numbers.last == 0 { numbers.removeLast() }
    release = numbers
    var early: (rank: UInt64, number: UInt64)?
    for (word, rank) in Self.earlyWords where early == nil {
      if let number = rest.suffix(word) { early = (rank, number) }
    }
    let post = rest.number(behind: "-") ?? rest.suffix("post") ?? rest.suffix("rev") ?? rest.suffix("r")
    stage = Self.stage(early, post: post, development: rest.suffix("dev"))
    if rest.take("+") {
      guard let parts = rest.words() else { return nil }
      local = parts.map { part in UInt64(part).map { .number($0) } ?? .word(part) }
    } else {
      local = nil
    }
    // A number that does not fit is left over, too.
    guard rest.isEmpty else { return nil }
    description = String(text)
  }

  private init(_ other: PythonVersion, local: [LocalPart]?) {
    description = other.description
    epoch = other.epoch
    release = other.release
    stage = other.stage
    self.local = local
  }

  /// `a`, `b` and `rc` rank as 0, 1 and 2, each with the number behind.
  ///
  /// What comes before the release of the same numbers is below it: `1.0.dev1 < 1.0a1.dev1 < 1.0a1 < 1.0 < 1.0.post1`.
  private static func stage(
    _ early: (rank: UInt64, number: UInt64)?, post: UInt64?, development: UInt64?
  ) -> [UInt64] {
    let first: [UInt64] =
      if let early {
        [1 + early.rank, early.number]
      } else if post == nil, development != nil { [0, 0] } else { [4, 0] }
    return first + (post.map { [1, $0] } ?? [0, 0]) + (development.map { [0, $0] } ?? [1, 0])
  }

  /// Whether it says more than the release: which build of it it is.
  var hasLocalPart: Bool { local != nil }

  /// The version as it is held against a bound: a bound that says nothing of builds means every build of a release (PEP 440),
  /// so `1.2+cu121` counts as `1.2` there.
  public func compared(with bound: PythonVersion) -> PythonVersion {
    bound.hasLocalPart || !hasLocalPart ? self : PythonVersion(self, local: nil)
  }
}

extension PythonVersion: Hashable, Comparable {
  /// Whether they are the same version, however each is spelled.
  public static func == (left: PythonVersion, right: PythonVersion) -> Bool {
    left.epoch == right.epoch && left.release == right.release && left.stage == right.stage
      && left.local == right.local
  }

  /// The order of PEP 440.
  public static func < (left: PythonVersion, right: PythonVersion) -> Bool {
    if left.epoch != right.epoch { return left.epoch < right.epoch }
    if left.release != right.release { return left.release.lexicographicallyPrecedes(right.release) }
    if left.stage != right.stage { return left.stage.lexicographicallyPrecedes(right.stage) }
    guard let local = left.local else { return right.local != nil }
    return right.local.map { local.lexicographicallyPrecedes($0) } ?? false
  }

  /// Feeds what makes them the same.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(epoch)
    hasher.combine(release)
    hasher.combine(stage)
    hasher.combine(local)
  }
}

/// What is left of a version that is being read: lower case, without white space at its ends.
private struct VersionText {
  private var rest: ArraySlice<UInt8>

  init(_ text: some StringProtocol) {
    let bytes = text.utf8.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
    let isSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0D ~= byte }
    let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
    let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
    rest = bytes[start..<end]
  }

  var isEmpty: Bool { rest.isEmpty }

  mutating func take(_ word: StaticString) -> Bool {
    let word = word.description.utf8
    guard rest.starts(with: word) else { return false }
    rest = rest.dropFirst(word.count)
    return true
  }

  /// Takes a number; nil, and nothing is taken, where none is next or it does not fit.
  mutating func number() -> UInt64? {
    let digits = rest.prefix { 0x30...0x39 ~= $0 }
    guard let number = UInt64(String(decoding: digits, as: UTF8.self)) else { return nil }
    rest = rest[digits.endIndex...]
    return number
  }

  /// Takes a sign and the number behind it, both or neither.
  mutating func number(behind sign: StaticString) -> UInt64? {
    let before = self
    guard take(sign), let number = number() else {
      self = before
      return nil
    }
    return number
  }

  /// Takes a word with its number, 0 where there is none, whatever joins them; nothing where another word is next.
  mutating func suffix(_ word: StaticString) -> UInt64? {
    let before = self
    takeJoint()
    guard take(word) else {
      self = before
      return nil
    }
    let behind = self
    takeJoint()
    if let number = number() { return number }
    self = behind
    return 0
  }

  private mutating func takeJoint() {
    if let first = rest.first, Self.isJoint(first) { rest = rest.dropFirst() }
  }

  private static func isJoint(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// Takes all that is left as words that joints part; nil where one is empty or has another character.
  mutating func words() -> [String]? {
    let parts = rest.split(omittingEmptySubsequences: false, whereSeparator: Self.isJoint)
    guard
      parts.allSatisfy({ part in
        !part.isEmpty && part.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 }
      })
    else { return nil }
    rest = rest[rest.endIndex...]
    return parts.map { String(decoding: $0, as: UTF8.self) }
  }
}
