import Encoding

extension Schema {
  /// The schema as a plan has it, to be edited: reading it gives the same schema.
  ///
  /// Lines without the member's name and without indent: `age: {type: integer, range: [18, 90]}`.
  public var lines: [String] { columns.map { "\(Self.scalar($0.name)): {\(Self.members(of: $0))}" } }

  private static func members(of column: Column) -> String {
    var members = ["type: \(column.type.rawValue)"]
    if let range = column.range { members.append("range: \(list(range))") }
    if let typical = column.typical { members.append("typical: \(list(typical))") }
    if !column.values.isEmpty {
      members.append("values: [\(column.values.map(scalar).joined(separator: ", "))]")
    }
    if column.takesOthers { members.append("others: allowed") }
    members.append("missing: \(column.mayBeMissing ? "allowed" : "refused")")
    return members.joined(separator: ", ")
  }

  private static func list(_ range: ClosedRange<Double>) -> String {
    "[\(JSON.shortestText(of: range.lowerBound)), \(JSON.shortestText(of: range.upperBound))]"
  }

  /// Words that readers of YAML in other places take for something else than texts.
  private static let taken: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]

  /// A text as YAML has it: plain where nobody can take it for something else, in double quotes otherwise.
  static func scalar(_ text: String) -> String {
    func isWord(_ byte: UInt8) -> Bool {
      byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
    }
    func isInside(_ byte: UInt8) -> Bool {
      isWord(byte) || 0x30...0x39 ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    if let first = text.utf8.first, isWord(first), text.utf8.allSatisfy(isInside), text.utf8.count <= 64,
      !taken.contains(text.lowercased())
    {
      return text
    }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where needsEscape(scalar):
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Whether a character would break the line, be dropped, or not be seen.
  private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: true
    default: scalar.value >= 0xFFFE && scalar.value & 0xFFFE == 0xFFFE
    }
  }
}
