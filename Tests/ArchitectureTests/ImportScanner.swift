/// One import declaration.
struct Import: Hashable {
  let module: String
  /// The kind and name of the one declaration it is for, `func exp`; nil where it is for the whole module.
  let scope: String?
  let file: String
  let line: Int

  init(_ module: String, scope: String? = nil, file: String = "File.swift", line: Int = 1) {
    self.module = module
    self.scope = scope
    self.file = file
    self.line = line
  }

  var place: String { "\(file):\(line)" }
}

/// Finds the import declarations of Swift source text, and none in its comments and strings.
enum ImportScanner {
  static func imports(in source: String, file: String) -> [Import] {
    var blanking = Blanking(Array(source.utf8))
    let lines = blanking.run().split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().flatMap { index, line in
      // Most lines import nothing, and a regular expression takes its time to say so.
      guard line.utf8.contains(UInt8(ascii: "i")), line.contains("import") else { return [Import]() }
      return line.split(separator: ";").compactMap { declaration($0, file: file, line: index + 1) }
    }
  }

  private static func declaration(_ text: Substring, file: String, line: Int) -> Import? {
    let form =
      #/\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)(?:\.([\w.]+))?\s*/#
    guard let match = text.wholeMatch(of: form) else { return nil }
    let scope = match.1.map { "\($0) \(match.3 ?? "")" }
    return Import(String(match.2), scope: scope, file: file, line: line)
  }
}

/// Leaves the comments and the contents of the strings out of source text; every line feed stays.
private struct Blanking {
  /// What a comment or a string can start with.
  private static let openers = Array("/\"#".utf8)

  private let bytes: [UInt8]
  private var offset = 0
  private var code: [UInt8] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func run() -> String {
    while offset < bytes.count {
      if !Self.openers.contains(bytes[offset]) {
        code.append(bytes[offset])
        offset += 1
      } else if starts(with: "//") {
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
      } else if starts(with: "/*") {
        skipBlockComment()
      } else if !skipString() {
        code.append(bytes[offset])
        offset += 1
      }
    }
    return String(decoding: code, as: UTF8.self)
  }

  private func starts(with text: some StringProtocol) -> Bool { bytes[offset...].starts(with: text.utf8) }

  /// Passes over `count` bytes of which only line feeds are kept.
  private mutating func skip(_ count: Int) {
    let end = min(offset + count, bytes.count)
    code += bytes[offset..<end].filter { $0 == UInt8(ascii: "\n") }
    offset = end
  }

  /// Block comments nest.
  private mutating func skipBlockComment() {
    var depth = 0
    while offset < bytes.count {
      if starts(with: "/*") {
        depth += 1
        skip(2)
      } else if starts(with: "*/") {
        depth -= 1
        skip(2)
        if depth == 0 { return }
      } else {
        skip(1)
      }
    }
  }

  /// Passes over a string literal; false where none starts.
  ///
  /// A literal of one line ends with its line at the latest, so that whatever is misread is so for one line only.
  private mutating func skipString() -> Bool {
    let hashes = String(repeating: "#", count: bytes[offset...].prefix { $0 == UInt8(ascii: "#") }.count)
    guard starts(with: hashes + "\"") else { return false }
    let quotes = starts(with: hashes + "\"\"\"") ? "\"\"\"" : "\""
    skip(hashes.utf8.count + quotes.utf8.count)
    code.append(UInt8(ascii: "\""))
    while offset < bytes.count {
      if quotes == "\"", bytes[offset] == UInt8(ascii: "\n") { break }
      if bytes[offset] == UInt8(ascii: "\""), starts(with: quotes + hashes) {
        skip(quotes.utf8.count + hashes.utf8.count)
        break
      }
      let isEscape = bytes[offset] == UInt8(ascii: "\\") && starts(with: "\\" + hashes)
      skip(isEscape ? hashes.utf8.count + 2 : 1)
    }
    return true
  }
}
