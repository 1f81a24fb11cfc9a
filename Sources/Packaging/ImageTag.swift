public import Domain
import Encoding

/// The name of an image among others, as registries take it (distribution-spec, "Pulling manifests").
public struct ImageTag: Hashable, Sendable, Comparable {
  /// The most characters.
  private static let longest = 128

  /// The name as text.
  public let text: String

  /// Reads a name: letters, digits, `_`, `.` and `-`, of which the last two are not first.
  ///
  /// Throws `image.malformed-tag`.
  public init(parsing text: String) throws(Problem) {
    let isWord = { (byte: UInt8) in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
    }
    let isPlain = text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    guard isPlain, 1...Self.longest ~= text.utf8.count, text.utf8.first.map(isWord) == true else {
      throw Problem(
        .badInput, "image.malformed-tag",
        "expected a tag of 1 to \(Self.longest) letters, digits, '_', '.' and '-', found '\(text.excerpt(80))'"
      )
    }
    self.text = text
  }

  /// The order in which registries list tags: that of the letters, and where those are the same that of the text
  /// (distribution-spec, "Listing Tags").
  public static func < (left: ImageTag, right: ImageTag) -> Bool {
    (left.text.lowercased(), left.text) < (right.text.lowercased(), right.text)
  }
}
