import Encoding

/// A pattern that names are held against: the name itself, where each `*` stands for any characters, or none.
public struct NamePattern: Hashable, Sendable, CustomStringConvertible {
  /// The most bytes of a pattern.
  public static let longest = 128

  /// The pattern as text.
  public let description: String

  /// Any name.
  public static let any = NamePattern(unchecked: "*")

  /// Reads a pattern of lower-case letters, digits, `.`, `_`, `-` and `*`; throws `pattern.malformed`.
  public init(parsing text: String) throws(Problem) {
    guard 1...Self.longest ~= text.utf8.count, text.utf8.allSatisfy(Self.isAllowed) else {
      throw Problem(
        .badInput, "pattern.malformed",
        "expected a name of at most \(Self.longest) lower-case letters, digits, '.', '_' and '-', with '*' for any"
          + " characters, found '\(text.excerpt(80))'")
    }
    description = text
  }

  /// The pattern that nothing but this model matches.
  public init(_ model: ModelName) { description = model.description }

  private init(unchecked text: String) { description = text }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"):
      true
    default: false
    }
  }

  /// Whether a name matches.
  public func matches(_ name: String) -> Bool { name.matches(wildcards: description) }
}

extension String {
  /// Whether the whole of it is what a pattern says, in which each `*` stands for any characters, none too, and every other
  /// byte for itself.
  ///
  /// Only the last star is ever gone back to, so that it takes time in proportion to the product of both lengths.
  public func matches(wildcards pattern: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let name = Array(utf8)
    let star = UInt8(ascii: "*")
    var (place, position) = (0, 0)
    // Where the latest star stands, and up to where it stands for something: it takes one more when the rest fails.
    var last: (star: Int, taken: Int)?
    while position < name.count {
      if place < pattern.count, pattern[place] == star {
        last = (place, position)
        place += 1
      } else if place < pattern.count, pattern[place] == name[position] {
        place += 1
        position += 1
      } else if let (star, taken) = last {
        last = (star, taken + 1)
        place = star + 1
        position = taken + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == star }
  }
}
