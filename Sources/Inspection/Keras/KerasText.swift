import Artifacts
import Encoding

/// JSON as Python's `json` module writes and reads it.
enum KerasText {
  /// What a configuration may hold at most; Python itself stops at about a thousand levels.
  static let limits = JSONLimits(depth: 256, values: 400_000)

  /// Reads a configuration; `NaN` and the infinities, which Python writes and JSON does not have, are null.
  static func parse(_ bytes: ArraySlice<UInt8>) throws(MalformedJSON) -> JSON {
    do throws(MalformedJSON) {
      return try JSON(parsing: bytes, limits: limits)
    } catch {
      guard let plain = withoutConstants(bytes) else { throw error }
      return try JSON(parsing: plain, limits: limits)
    }
  }

  /// The text with `null` in place of Python's constants; nil where there are none.
  private static func withoutConstants(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    let constants = ["-Infinity", "Infinity", "NaN"].map { Array($0.utf8) }
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var inString = false
    var found = false
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if inString {
        if byte == UInt8(ascii: "\\"), index + 1 < bytes.endIndex {
          plain.append(byte)
          index += 1
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        inString = true
      } else if let constant = constants.first(where: { bytes[index...].starts(with: $0) }) {
        found = true
        plain += Array("null".utf8)
        index += constant.count
        continue
      }
      plain.append(bytes[index])
      index += 1
    }
    return found ? plain : nil
  }

  /// A value as a message shows it, in about `limit` characters.
  static func describe(_ value: JSON, limit: Int = 120) -> String {
    var text = ""
    write(value, into: &text, limit: limit, depth: 0)
    return text.escaped(limit: limit)
  }

  private static func write(_ value: JSON, into text: inout String, limit: Int, depth: Int) {
    guard text.utf8.count <= limit, depth < 5 else { return }
    switch value {
    case .null: text += "null"
    case .bool(let value): text += "\(value)"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += "\(value)"
    case .string(let value): text += "'\(value.prefix(limit))'"
    case .array(let items):
      text += "["
      for (index, item) in items.prefix(12).enumerated() {
        if index > 0 { text += ", " }
        write(item, into: &text, limit: limit, depth: depth + 1)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.sorted(by: { $0.key < $1.key }).prefix(12).enumerated() {
        if index > 0 { text += ", " }
        text += "\(member.key.prefix(40)): "
        write(member.value, into: &text, limit: limit, depth: depth + 1)
      }
      text += "}"
    }
  }

  /// The words in marshalled code, which say what it is about: `os`, `system`, `touch /tmp/x`.
  static func words(inBase64 text: String) -> [String] {
    let letters = text.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0 != " " }.prefix(8_192)
    var compact = String(String.UnicodeScalarView(letters))
    while !compact.utf8.count.isMultiple(of: 4) { compact.removeLast() }
    guard let bytes = Base64.decode(compact) else { return [] }
    var words: [String] = []
    for run in bytes.split(whereSeparator: { !(0x20...0x7E).contains($0) }) where run.count >= 2 {
      let word = String(decoding: run.prefix(60), as: UTF8.self)
      if word.contains(where: \.isLetter), !words.contains(word), word.utf8.count > 2 || word == "os" {
        words.append(word)
      }
      if words.count == 16 { break }
    }
    return words
  }
}
