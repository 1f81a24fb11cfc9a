import Encoding

/// The name of a repository of images: path components between slashes, `iris` or `team/iris`.
///
/// Each component is of lower-case letters and digits with `.`, `_`, `__` or any number of `-` between them
/// (distribution-spec 1.1, "Pulling manifests"); 255 characters in all. No component can be `..`, and none starts
/// with a dot.
public struct RepositoryName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The most characters.
  public static let longest = 255

  /// The name as text.
  public let description: String

  /// Takes a name that keeps the rules; throws `repository.malformed`.
  public init(parsing text: String) throws(Problem) {
    guard Self.isValid(text) else {
      throw Problem(
        .badInput, "repository.malformed",
        "expected a repository of at most \(Self.longest) lower-case letters and digits with '.', '_', '__' or '-'"
          + " between them, and '/' between its components, found '\(text.excerpt(80))'",
        hint: "name it like 'iris' or 'team/iris'")
    }
    description = text
  }

  /// The repository of a model's images, which is called like the model.
  ///
  /// A model may have a name that no repository can have, such as `a._b`: its repository is `hex/` and the name's bytes.
  public init(of model: ModelName) {
    let name = model.description
    description = Self.isValid(name) ? name : "hex/\(Hexadecimal.encode(Array(name.utf8)))"
  }

  private static func isValid(_ text: String) -> Bool {
    // One pass over bytes. What separates two runs of letters and digits is one of these, whole.
    let separators: Set<[UInt8]> = [Array(".".utf8), Array("_".utf8), Array("__".utf8), Array("/".utf8)]
    guard 1...longest ~= text.utf8.count else { return false }
    var separator: [UInt8]?
    for byte in text.utf8 {
      guard isAlphanumeric(byte) else {
        // At the beginning there is nothing to separate.
        guard separator != nil else { return false }
        separator?.append(byte)
        continue
      }
      if let found = separator, !found.isEmpty, !separators.contains(found),
        !found.allSatisfy({ $0 == UInt8(ascii: "-") })
      {
        return false
      }
      separator = []
    }
    return separator == []
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= byte || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= byte
  }

  /// The order of the text.
  public static func < (left: RepositoryName, right: RepositoryName) -> Bool {
    left.description < right.description
  }
}
