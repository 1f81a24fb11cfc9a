extension String {
  /// Whether it is one line of 1 to `limit` bytes: no control character is in it.
  public func isOneLine(upTo limit: Int) -> Bool {
    1...limit ~= utf8.count && unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
