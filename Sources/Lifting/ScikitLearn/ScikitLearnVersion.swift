import Domain

/// A version of scikit-learn as far as it decides how a model computes: the first two numbers.
struct ScikitLearnVersion: Comparable {
  let major: Int
  let minor: Int

  /// The versions whose rules are known here.
  static let known = Self(major: 0, minor: 24)...Self(major: 1, minor: 9)

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Version 1 and some minor number.
  static func one(_ minor: Int) -> Self { Self(major: 1, minor: minor) }

  /// Reads `1.9.1`, `1.10.dev0`; nil unless it starts with two numbers.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
    self.init(major: major, minor: minor)
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
