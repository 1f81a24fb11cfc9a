// Numbers and text, with what CPython takes and no more.
extension PickleMachine {
  /// INT: what C's `strtol` reads in base 0, else what Python's `int(text, 0)` reads; `00` and `01` are bools.
  mutating func readInt() throws(PickleObservation) {
    let text = try line("an integer", limit: budget.digits + 64)
    if let value = PythonText.cLong(text) {
      try pushNew(text.count == 2 && (value == 0 || value == 1) ? .bool(value == 1) : .integer(value))
    } else {
      try pushNew(try integer(text, anyBase: true))
    }
  }

  /// LONG: as `int(text, 0)`, after an optional `L`.
  mutating func readLong() throws(PickleObservation) {
    var text = try line("an integer", limit: budget.digits + 64)
    if text.last == UInt8(ascii: "L") { text.removeLast() }
    try pushNew(try integer(text, anyBase: true))
  }

  /// LONG1 and LONG4: two's complement, least significant byte first.
  mutating func readLong(count: Int) throws(PickleObservation) {
    guard count >= 0 else { throw malformed("a count of bytes of at least 0", found: "\(count)") }
    // log10(256) is 2.408.
    guard count <= budget.digits * 5 / 12 else {
      throw exceeded(.digits, "an integer of \(count) bytes, more than \(budget.digits) digits")
    }
    try pushNew(PythonText.integer(twosComplement: try take(count, "an integer")))
  }

  mutating func readMemoIndex() throws(PickleObservation) -> Int {
    let text = try line("a memo index", limit: 64)
    guard case .integer(let value)? = try? integer(text, anyBase: false), value >= 0,
      let index = Int(exactly: value)
    else {
      throw malformed("a memo index", found: "'\(String(decoding: text, as: UTF8.self).escaped(limit: 40))'")
    }
    return index
  }

  private func integer(_ text: ArraySlice<UInt8>, anyBase: Bool) throws(PickleObservation) -> PickleValue {
    switch PythonText.integer(text, anyBase: anyBase, maximumDigits: budget.digits) {
    case .value(let value): return value
    case .tooLong: throw exceeded(.digits, "an integer of more than \(budget.digits) digits")
    case .malformed:
      throw malformed("an integer", found: "'\(String(decoding: text, as: UTF8.self).escaped(limit: 40))'")
    }
  }

  /// FLOAT, by the rules of `float()` in C: no white space, no underscores, no hexadecimal.
  mutating func readFloat() throws(PickleObservation) {
    let text = try line("a float", limit: 1_024)
    guard let value = PythonText.double(text) else {
      throw malformed("a float", found: "'\(String(decoding: text, as: UTF8.self).escaped(limit: 40))'")
    }
    try pushNew(.float(value))
  }

  /// STRING: a quoted literal of Python 2 with its escapes, decoded as ASCII.
  mutating func readString() throws(PickleObservation) {
    let text = try line("a quoted string")
    guard text.count >= 2, let quote = text.first, quote == text.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw malformed("a string in quotes", found: "text without") }
    guard let bytes = PythonText.unescaped(text.dropFirst().dropLast()) else {
      throw malformed("the escapes of a bytes literal", found: "an incomplete one")
    }
    try pushASCII(bytes[...])
  }

  /// UNICODE: the codec `raw-unicode-escape`.
  mutating func readUnicode() throws(PickleObservation) {
    let bytes = try line("a string")
    guard let text = PythonText.rawUnicode(bytes) else {
      throw malformed("text in raw-unicode-escape without lone surrogates", found: "something else")
    }
    try pushNew(.string(text))
  }

  mutating func pushASCII(count: Int) throws(PickleObservation) {
    guard count >= 0 else { throw malformed("a count of bytes of at least 0", found: "\(count)") }
    try pushASCII(try take(count, "a string"))
  }

  private mutating func pushASCII(_ bytes: ArraySlice<UInt8>) throws(PickleObservation) {
    guard bytes.allSatisfy({ $0 < 0x80 }) else {
      throw malformed("a Python 2 string in ASCII", found: "bytes beyond it")
    }
    try pushNew(.string(String(decoding: bytes, as: UTF8.self)))
  }

  mutating func pushText(count: Int) throws(PickleObservation) {
    guard let text = String(validating: try take(count, "a string"), as: UTF8.self) else {
      throw malformed("text in UTF-8 without lone surrogates", found: "something else")
    }
    try pushNew(.string(text))
  }
}
