import Encoding

/// Keys as text (RFC 7468): base 64 between a line that says what it is and one that ends it.
enum PEM {
  /// How many characters a line has.
  private static let width = 64
  /// Far beyond any key.
  private static let longest = 1 << 16

  /// Writes bytes under a label, with a final line feed.
  static func encode(_ bytes: [UInt8], _ label: String) -> String {
    let text = Base64.encode(bytes)
    var lines = ["-----BEGIN \(label)-----"]
    var rest = text[...]
    while !rest.isEmpty {
      lines.append(String(rest.prefix(width)))
      rest = rest.dropFirst(width)
    }
    lines.append("-----END \(label)-----\n")
    return lines.joined(separator: "\n")
  }

  /// Reads the one document of a text, which may have lines of white space around it; nil where it is none, or not of one
  /// of these labels.
  static func decode(_ text: String, labels: [String]) -> [UInt8]? {
    guard text.utf8.count <= longest else { return nil }
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }.filter { !$0.isEmpty }
    guard let first = lines.first, let last = lines.last, lines.count >= 3,
      let label = labels.first(where: { first == "-----BEGIN \($0)-----" }), last == "-----END \(label)-----"
    else { return nil }
    return Base64.decode(lines.dropFirst().dropLast().joined())
  }
}

extension Substring {
  /// Without blanks and tabs at its ends.
  fileprivate var trimmed: Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    guard let start = firstIndex(where: { !isBlank($0) }), let end = lastIndex(where: { !isBlank($0) }) else {
      return ""
    }
    return self[start...end]
  }
}
