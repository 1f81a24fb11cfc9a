import Artifacts

/// Names that a template puts together from pieces, so that nobody who searches for them finds them.
enum TemplateFolding {
  /// The name that literal strings of a tag amount to, when joined as the tag would join them.
  ///
  /// Joins what stands next to each other, `+`, `~`, `*` a number, and lists with the filter `join`.
  static func hiddenName(in tokens: [JinjaToken]) -> String? {
    var index = 0
    while index < tokens.count {
      let (text, next, pieces) = chain(in: tokens, from: index)
      guard let text else {
        index += 1
        continue
      }
      if pieces > 1 {
        if let name = TemplateNames.dunder(in: text) { return name }
        if TemplateNames.isPiece(text) { return text }
        let isSubscript = index > 0 && tokens[index - 1].text == "["
        if isSubscript && text.hasPrefix("_") { return text }
      }
      index = max(next, index + 1)
    }
    return list(in: tokens)
  }

  /// Strings joined from `start` on: the text, the index behind it, how many pieces there were.
  private static func chain(in tokens: [JinjaToken], from start: Int) -> (String?, Int, Int) {
    guard tokens[start].kind == .string else { return (nil, start, 0) }
    var text = ""
    var pieces = 0
    var index = start
    while index < tokens.count, tokens[index].kind == .string, text.utf8.count < 4_096 {
      var piece = tokens[index].text
      pieces += 1
      index += 1
      if index + 1 < tokens.count, tokens[index].text == "*", tokens[index + 1].kind == .number {
        let count = min(16, Int(tokens[index + 1].text) ?? 1)
        piece = String(repeating: String(piece.prefix(64)), count: max(0, count))
        pieces += 1
        index += 2
      }
      text += piece
      guard index < tokens.count else { break }
      if tokens[index].text == "~" || tokens[index].text == "+" { index += 1 }
    }
    return (text, index, pieces)
  }

  /// The text that the elements of a list make in order.
  private static func list(in tokens: [JinjaToken]) -> String? {
    var text = ""
    var isOpen = false
    for token in tokens {
      switch (token.kind, token.text) {
      case (.sign, "["), (.sign, "("):
        text = ""
        isOpen = true
      case (.sign, "]"), (.sign, ")"):
        if isOpen, let name = TemplateNames.dunder(in: text) { return name }
        isOpen = false
      case (.sign, ","): break
      case (.string, _) where isOpen && text.utf8.count < 4_096: text += token.text
      case (.string, _): break
      default: isOpen = false
      }
    }
    return nil
  }
}
