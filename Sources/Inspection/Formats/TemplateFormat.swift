import Artifacts

/// A Jinja template in a file of its own, `chat_template.jinja`.
enum TemplateFormat: InspectedFormat {
  static let name = "jinja"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    TextFormat.isText(bytes.prefix(512)) && !bytes.isEmpty ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard isTemplate(subject.bytes) else { return nil }
    walk.report(TemplateJudge.findings(of: subject.bytes, named: "the template", in: subject, at: 0))
    walk.reportSecrets(in: subject.bytes, of: subject)
    return Inspected(name, .data("a template"))
  }

  /// Whether text has a tag in it and is no program: Python's own texts have braces in braces too.
  private static func isTemplate(_ bytes: ArraySlice<UInt8>) -> Bool {
    var template = JinjaTemplate(bytes)
    var tags = 0
    var hasWords = false
    while tags < 64, let tag = template.next() {
      guard tag.isClosed else { break }
      tags += 1
      let first = tag.tokens.first?.text ?? ""
      hasWords = hasWords || tag.isStatement && words.contains(first)
      if tag.isStatement, !words.contains(first), !first.hasPrefix("end") { return false }
    }
    guard tags > 0 else { return false }
    let start = bytes.prefix(256).drop { $0 <= 0x20 || $0 >= 0x80 }
    return hasWords || start.starts(with: "{{".utf8) || !isSource(bytes.prefix(1 << 16))
  }

  private static let words: Set<String> = [
    "if", "elif", "else", "for", "set", "macro", "call", "filter", "with", "block", "autoescape", "include",
    "import", "extends", "from", "do", "break", "continue", "generation", "raw", "trans",
  ]

  /// Whether a line begins as the lines of programs and of their documentation do.
  private static func isSource(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.split(separator: UInt8(ascii: "\n")).contains { line in
      let text = line.drop { $0 == 0x20 || $0 == 0x09 }
      return starts.contains { text.starts(with: $0) }
    }
  }

  private static let starts: [[UInt8]] = [
    "import ", "from ", "def ", "class ", "return ", "#include", "function ", "const ", "let ", "var ",
    "public ",
    "```", "#!", "namespace ", "struct ", "\\begin", "\\def", "\\newcommand",
  ].map { Array($0.utf8) }
}
