/// A pattern for names, in which `*` stands for any characters, none too, and every other character for itself.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
  static let lengthLimit = 200
  static let starLimit = 8

  /// The pattern as it was written.
  public let description: String

  /// Takes a pattern; nil where it is empty, has more than 200 bytes, more than 8 stars, or a control character.
  public init?(parsing text: String) {
    guard 1...Self.lengthLimit ~= text.utf8.count, text.utf8.count(where: { $0 == star }) <= Self.starLimit,
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
    else { return nil }
    description = text
  }

  /// Whether the whole of a name is what the pattern says.
  ///
  /// Only the last star is ever gone back to, so that it takes time in proportion to the product of both lengths.
  public func matches(_ name: String) -> Bool {
    let pattern = Array(description.utf8)
    let name = Array(name.utf8)
    var place = 0
    var index = 0
    var last: (place: Int, index: Int)?
    while index < name.count {
      if place < pattern.count, pattern[place] == star {
        last = (place, index)
        place += 1
      } else if place < pattern.count, pattern[place] == name[index] {
        place += 1
        index += 1
      } else if let (star, start) = last {
        last = (star, start + 1)
        place = star + 1
        index = start + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == star }
  }
}

private let star = UInt8(ascii: "*")
