// Numbers and text, with what CPython takes and no more.
extension PickleMachine {
  /// INT: what C's `strtol` reads in base 0, else what Python's `int(text, 0)` reads; `00` and `01` are bools.
  mutating func readInt() throws(PickleObservation) {
    let text = try integerLine()
    if let value = PythonText.cLong(text) {
      if text.count == 2, value == 0 || value == 1 { return try pushShared(value == 1 ? .true : .false) }
      try pushInteger(value)
    } else {
      try pushNew(try integer(text, anyBase: true))
    }
  }

  /// LONG: as `int(text, 0)`, after an optional `L`.
  mutating func readLong() throws(PickleObservation) {
    var text = try integerLine()
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

  private mutating func integerLine() throws(PickleObservation) -> ArraySlice<UInt8> {
    let text = try line("an integer")
    guard text.count <= budget.digits + 64 else {
      throw exceeded(.digits, "an integer of \(text.count) digits, more than \(budget.digits)")
    }
    return text
  }

  mutating func readMemoIndex() throws(PickleObservation) -> Int {
    let text = try integerLine()
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

  /// FLOAT: `float()` in C takes no white space and no underscores; the unpickler written in Python does.
  mutating func readFloat() throws(PickleObservation) {
    let text = try line("a float")
    if let value = PythonText.double(text) { return try push(.float, payload: value.bitPattern) }
    guard let value = PythonText.looseDouble(text) else {
      throw malformed(
        "a float", found: "'\(String(decoding: text.prefix(64), as: UTF8.self).escaped(limit: 40))'")
    }
    observe(.disagreement) { _ in
      .disagreement(detail: "a float is spelled in a way that only one unpickler reads")
    }
    try push(.float, payload: value.bitPattern)
  }

  /// STRING: a quoted literal of Python 2 with its escapes.
  mutating func readString() throws(PickleObservation) {
    let text = try line("a quoted string")
    guard text.count >= 2, let quote = text.first, quote == text.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw malformed("a string in quotes", found: "text without") }
    let content = text.dropFirst().dropLast()
    if content.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\\") }) {
      try checkCount()
      return push(values.append(.string, UInt64(content.count), offset: position, header: 2))
    }
    guard let bytes = PythonText.unescaped(content) else {
      throw malformed("the escapes of a bytes literal", found: "an incomplete one")
    }
    guard bytes.allSatisfy({ $0 < 0x80 }) else { return try pushForeignText(bytes[...]) }
    try pushNew(.string(String(decoding: bytes, as: UTF8.self)))
  }

  /// UNICODE: the codec `raw-unicode-escape`.
  mutating func readUnicode() throws(PickleObservation) {
    let bytes = try line("a string")
    if bytes.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\\") }) {
      try checkCount()
      return push(values.append(.string, UInt64(bytes.count), offset: position, header: 1))
    }
    switch PythonText.rawUnicode(bytes) {
    case .text(let text): try pushNew(.string(text))
    case .surrogates(let text):
      observe(.unread) { _ in .unread(detail: "text with halves of surrogate pairs") }
      try pushNew(.string(text))
    case .malformed: throw malformed("text in raw-unicode-escape", found: "something else")
    }
  }

  /// BINSTRING and SHORT_BINSTRING: text or bytes of Python 2, which loaders decode as they are told to.
  mutating func pushPython2(count: Int) throws(PickleObservation) {
    guard count >= 0 else { throw malformed("a count of bytes of at least 0", found: "\(count)") }
    let header = offset - position
    let bytes = try take(count, "a string")
    guard PythonText.isASCII(bytes) else { return try pushForeignText(bytes) }
    try checkCount()
    push(values.append(.string, UInt64(count), offset: position, header: header))
  }

  private mutating func pushForeignText(_ bytes: ArraySlice<UInt8>) throws(PickleObservation) {
    observe(.unread) { _ in
      .unread(detail: "a string of Python 2 beyond ASCII, which is text or bytes as the loader pleases")
    }
    try pushNew(.bytes(bytes))
  }

  mutating func pushText(count: Int) throws(PickleObservation) {
    let header = offset - position
    let bytes = try take(count, "a string")
    try checkCount()
    if PythonText.isASCII(bytes) || PythonText.isUTF8(bytes) {
      return push(values.append(.string, UInt64(count), offset: position, header: header))
    }
    guard PythonText.isSurrogateUTF8(bytes) else { throw malformed("text in UTF-8", found: "something else") }
    observe(.unread) { _ in .unread(detail: "text with halves of surrogate pairs") }
    try pushNew(.string(String(decoding: bytes, as: UTF8.self)))
  }

  mutating func pushData(_ tag: PickleValues.Tag, count: Int) throws(PickleObservation) {
    let header = offset - position
    try skip(count, "bytes")
    try checkCount()
    push(values.append(tag, UInt64(count), offset: position, header: header))
  }
}
