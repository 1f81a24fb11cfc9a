import Artifacts
import Domain

/// Looks for templates that reach out of the template: through the attributes of Python objects to whatever the
/// process can do.
///
/// Chat templates come with tokenizers and GGUF files and run each time that somebody chats; the sandbox that some
/// readers run them in does not exist in others. What an honest template never needs is a finding: attributes
/// that begin with an underscore, names put together from pieces, numbers that are only good for waiting.
struct TemplateJudge {
  /// How many findings one template gives.
  private static let limit = 20

  private let subject: Subject
  /// What messages call the template.
  private let name: String
  /// Where the template stands in the subject, where its offsets are those of the subject.
  private let base: Int?
  private(set) var findings: [Finding] = []
  /// For each open loop how many rounds it makes with those around it.
  private var loops: [Double] = []
  private var blocks = 0

  /// The findings in one template; `base` is its offset in the subject, where its bytes stand there as they are.
  static func findings(
    of template: ArraySlice<UInt8>, named name: String, in subject: Subject, at base: Int? = nil
  ) -> [Finding] {
    var judge = TemplateJudge(subject: subject, name: name, base: base)
    var template = JinjaTemplate(template)
    while let tag = template.next(), judge.findings.count < limit { judge.judge(tag) }
    return judge.findings
  }

  private init(subject: Subject, name: String, base: Int?) {
    self.subject = subject
    self.name = name
    self.base = base
  }

  private mutating func judge(_ tag: JinjaTag) {
    if tag.depth > 100 {
      add(.templateExhaustion, tag, "expected brackets at most 100 deep, found \(tag.depth)")
    }
    if tag.isStatement { follow(tag) }
    let tokens = tag.tokens
    for index in tokens.indices {
      let token = tokens[index]
      let before = index > 0 ? tokens[index - 1] : nil
      let after = index + 1 < tokens.count ? tokens[index + 1] : nil
      let reached: String? =
        switch token.kind {
        case .name: reaches(name: token.text, tokens, at: index)
        case .string: reaches(string: token, before: before, after: after)
        case .number, .sign: nil
        }
      if let reached {
        add(.templateInjection, tag, reached)
        return
      }
    }
    if let name = TemplateFolding.hiddenName(in: tokens) {
      add(.templateInjection, tag, "would put the name '\(name.escaped(limit: 60))' together from pieces")
      return
    }
    if let cost = TemplateCost.excess(in: tokens, inLoop: !loops.isEmpty) {
      add(.templateExhaustion, tag, cost)
    }
  }

  // MARK: Names

  private func reaches(name text: String, _ tokens: [JinjaToken], at index: Int) -> String? {
    let before = index > 0 ? tokens[index - 1].text : ""
    let isCalled = index + 1 < tokens.count && tokens[index + 1].text == "("
    if text.hasPrefix("__"), text.hasSuffix("__"), text.count > 4 {
      return "would reach the attribute '\(text.escaped(limit: 60))' of a Python object"
    }
    if before == "." {
      if text.hasPrefix("_") || TemplateNames.attributes.contains(text) {
        return "would reach the attribute '\(text.escaped(limit: 60))' of a Python object"
      }
      if isCalled, TemplateNames.calls.contains(text) {
        return "would call '\(text.escaped(limit: 60))'"
      }
      if text == "application", index > 1, tokens[index - 2].text == "request" {
        return "would reach the application through 'request.application'"
      }
      return nil
    }
    if before == "|", text == "attr" {
      return "would reach an attribute by a name of its own with the filter 'attr'"
    }
    if TemplateNames.globals.contains(text), before != "|" {
      return "would use '\(text)', which no chat needs"
    }
    if isCalled, TemplateNames.functions.contains(text) { return "would call '\(text)'" }
    // Python's own texts of objects are where single characters are taken from, to get round a filter.
    if text == "string", before == "|", index > 1, index + 1 < tokens.count {
      let taken =
        tokens[index + 1].text == "|" && index + 2 < tokens.count && tokens[index + 2].text == "list"
      if taken || tokens[index - 2].text == "select" {
        return "would take a Python object's text apart into characters"
      }
    }
    return nil
  }

  private func reaches(string token: JinjaToken, before: JinjaToken?, after: JinjaToken?) -> String? {
    if token.hidesText {
      return "would spell letters of the string '\(token.text.escaped(limit: 60))' as escapes"
    }
    if let name = TemplateNames.dunder(in: token.text) {
      return "would reach the attribute '\(name)' of a Python object by its name in a string"
    }
    let isSubscript = before?.text == "["
    if isSubscript, token.text.hasPrefix("_"), after?.text == "]" {
      return "would reach '\(token.text.escaped(limit: 60))' of a Python object by subscript"
    }
    if token.text.hasPrefix("__"), token.text.hasSuffix("__"), token.text.count > 4, after?.text == "|" {
      return "would change the string '\(token.text.escaped(limit: 60))' into another name"
    }
    if TemplateNames.isPiece(token.text) {
      return "would put a name together from pieces such as '\(token.text.escaped(limit: 60))'"
    }
    if token.text.contains("%c") { return "would make characters from numbers with '%c'" }
    return nil
  }

  // MARK: Statements

  private mutating func follow(_ tag: JinjaTag) {
    guard let word = tag.tokens.first?.text else { return }
    switch word {
    case "for":
      let rounds = (loops.last ?? 1) * Double(TemplateCost.rangeLength(in: tag.tokens) ?? 1)
      loops.append(min(rounds, 1e15))
      if rounds > Double(TemplateCost.numberLimit) {
        add(
          .templateExhaustion, tag, "would go round loops in each other \(Int(min(rounds, 1e15))) times")
      }
      blocks += 1
    case "endfor":
      _ = loops.popLast()
      blocks = max(0, blocks - 1)
    case "if", "macro", "call", "filter", "with", "block", "autoescape": blocks += 1
    case "endif", "endmacro", "endcall", "endfilter", "endwith", "endblock", "endautoescape":
      blocks = max(0, blocks - 1)
    case "include", "import", "extends", "from":
      let what = tag.tokens.dropFirst().first.map { $0.text.escaped(limit: 80) } ?? ""
      add(.templateInclude, tag, "expected one template, found '\(word)' of another: '\(what)'")
    default: break
    }
    if blocks == 101 { add(.templateExhaustion, tag, "expected blocks at most 100 deep, found more") }
  }

  private mutating func add(_ rule: Rule, _ tag: JinjaTag, _ message: String) {
    let source = String(decoding: tag.source.prefix(120), as: UTF8.self).escaped(limit: 100)
    findings.append(
      rule.finding(
        "\(name) \(message): \(source)", member: subject.member, offset: base.map { $0 + tag.offset }))
  }
}
