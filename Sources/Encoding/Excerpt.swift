extension StringProtocol {
  /// The start of this text as a message quotes it: at most `limit` scalars, on one line.
  ///
  /// Control and format characters and line separators are written as `\u{1b}`, so that untrusted text can
  /// neither fake a line of its own nor steer a terminal. Scalars are counted, not characters: a single
  /// character can carry any number of combining marks.
  public func excerpt(_ limit: Int = .max) -> String {
    var text = ""
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
