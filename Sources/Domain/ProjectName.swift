import Encoding

/// The name of a project: the models of one team or one purpose, which rights and policies go by.
///
/// Lower-case letters, digits and `-` inside, 1 to 63 characters.
public struct ProjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The name as text.
  public let description: String

  /// Where models are that were put nowhere else.
  public static let standard = ProjectName(unchecked: "default")

  /// Takes a name that keeps the rules; throws `project.malformed`.
  public init(parsing text: String) throws(Problem) {
    guard text.isHyphenatedLabel else {
      throw Problem(
        .badInput, "project.malformed",
        "expected a project of 1 to 63 lower-case letters, digits and '-' that starts and ends with a letter or"
          + " digit, found '\(text.excerpt(80))'",
        hint: "name it like 'retail' or 'credit-risk'")
    }
    description = text
  }

  private init(unchecked text: String) { description = text }

  /// The order of the text.
  public static func < (left: ProjectName, right: ProjectName) -> Bool {
    left.description < right.description
  }
}

extension String {
  /// Whether these are 1 to 63 lower-case letters, digits and hyphens, none of which is first or last: a label of DNS.
  var isHyphenatedLabel: Bool {
    let hyphen = UInt8(ascii: "-")
    let isWell = utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= byte || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= byte
        || byte == hyphen
    }
    return 1...63 ~= utf8.count && isWell && utf8.first != hyphen && utf8.last != hyphen
  }
}
