import Domain

/// The rules for the path of a file in a bundle.
///
/// Components of ASCII letters, digits, `.`, `_` and `-`, joined by `/`. Such a path is spelled in one way only
/// (no Unicode normalisation, no case of a drive, no `..`) and means the same on every file system.
enum BundlePath {
  private static let longest = 512
  private static let longestComponent = 255

  static func isValid(_ path: String) -> Bool {
    path.utf8.count <= longest
      && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .allSatisfy(isValidComponent)
  }

  private static func isValidComponent(_ component: Substring.UTF8View) -> Bool {
    guard 1...longestComponent ~= component.count, component.allSatisfy(isAllowed) else { return false }
    return component.contains { $0 != UInt8(ascii: ".") }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// The order of the OpenSSF Model Signing manifest: component by component, each by its bytes.
  ///
  /// It is not the order of the whole text: `a/b` comes before `a-b` here, though `-` sorts before `/`.
  static func precedes(_ left: String, _ right: String) -> Bool {
    let left = left.utf8.split(separator: UInt8(ascii: "/"))
    let right = right.utf8.split(separator: UInt8(ascii: "/"))
    for (one, other) in zip(left, right) where !one.elementsEqual(other) {
      return one.lexicographicallyPrecedes(other)
    }
    return left.count < right.count
  }
}
