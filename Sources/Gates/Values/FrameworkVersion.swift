import Documents

/// The version of a framework: numbers with points between them, and what may follow of a release before it.
struct FrameworkVersion: Comparable, CustomStringConvertible, Sendable {
  let description: String
  private let numbers: [UInt32]
  /// Whether it comes before the release of these numbers: `1.2rc1`, `1.2.dev0`.
  private let isEarly: Bool

  /// Reads `1.9.1`, `2.0rc1` or `1.2+cu121`; nil where no number is at the front.
  init?(parsing text: some StringProtocol) {
    guard 1...64 ~= text.utf8.count else { return nil }
    var numbers: [UInt32] = []
    var rest = Substring(text)
    while true {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty else { break }
      guard let number = UInt32(digits), numbers.count < 8 else { return nil }
      numbers.append(number)
      rest = rest[digits.endIndex...]
      guard rest.hasPrefix("."), rest.dropFirst().first.map({ $0.isASCII && $0.isNumber }) == true else {
        break
      }
      rest = rest.dropFirst()
    }
    guard !numbers.isEmpty else { return nil }
    let mark = rest.drop { $0 == "." || $0 == "-" || $0 == "_" }.lowercased()
    guard rest.isEmpty || ["a", "b", "c", "rc", "dev", "post", "+"].contains(where: mark.hasPrefix) else {
      return nil
    }
    description = String(text)
    isEarly = ["a", "b", "c", "rc", "dev"].contains(where: mark.hasPrefix)
    // Zeros at the end say nothing: 1.2 and 1.2.0 are one.
    while numbers.count > 1, numbers.last == 0 { numbers.removeLast() }
    self.numbers = numbers
  }

  static func == (left: FrameworkVersion, right: FrameworkVersion) -> Bool {
    left.numbers == right.numbers && left.isEarly == right.isEarly
  }

  static func < (left: FrameworkVersion, right: FrameworkVersion) -> Bool {
    guard left.numbers == right.numbers else { return left.numbers.lexicographicallyPrecedes(right.numbers) }
    return left.isEarly && !right.isEarly
  }
}

/// A framework whose models may come in, and of which versions: `scikit-learn >= 1.2, < 2`.
struct FrameworkRequirement: CustomStringConvertible, Sendable {
  static let expected = "a framework, perhaps with versions such as 'scikit-learn >= 1.2, < 2'"

  let description: String
  let name: String
  let bounds: [(sign: Comparison, version: FrameworkVersion)]

  init?(parsing text: String) {
    var rest = Substring(text).trimmed
    let name = rest.prefix { !" <>=!,".contains($0) }
    rest = rest[name.endIndex...].trimmed
    var bounds: [(Comparison, FrameworkVersion)] = []
    guard !name.isEmpty else { return nil }
    while !rest.isEmpty {
      guard bounds.count < 8, let sign = Comparison.taken(from: &rest) else { return nil }
      let end = rest.firstIndex(of: ",") ?? rest.endIndex
      guard let version = FrameworkVersion(parsing: rest[..<end].trimmed) else { return nil }
      bounds.append((sign, version))
      guard end < rest.endIndex else { break }
      rest = rest[rest.index(after: end)...].trimmed
      guard !rest.isEmpty else { return nil }
    }
    description = text
    self.name = String(name)
    self.bounds = bounds
  }

  /// Whether a version is within the bounds; nil where the bounds ask and no version that can be compared is known.
  func admits(_ version: String?) -> Bool? {
    guard !bounds.isEmpty else { return true }
    guard let version = version.flatMap({ FrameworkVersion(parsing: $0) }) else { return nil }
    return bounds.allSatisfy { $0.sign.holds(version, $0.version) }
  }
}
