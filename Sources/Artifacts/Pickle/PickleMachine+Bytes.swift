// The bytes of the stream.
extension PickleMachine {
  /// Steps over `count` bytes of the input, which are there.
  mutating func skip(_ count: Int, _ what: StaticString) throws(PickleObservation) {
    guard count >= 0, count <= input.count - offset else {
      let rest = input.count - offset
      throw malformed(
        "\(count) bytes of \(what)",
        found: rest == 0 ? "the end of the input" : "\(rest) bytes before the end")
    }
    offset += count
  }

  /// Reads `count` bytes of the input.
  mutating func take(_ count: Int, _ what: StaticString) throws(PickleObservation) -> ArraySlice<UInt8> {
    let start = input.startIndex + offset
    try skip(count, what)
    return input[start..<(start + count)]
  }

  /// Reads the one byte that follows the opcode.
  mutating func byteArgument() throws(PickleObservation) -> Int {
    try skip(1, "an argument")
    return Int(input[input.startIndex + offset - 1])
  }

  /// Reads a little-endian number that follows the opcode.
  mutating func number<Value: FixedWidthInteger>(_ type: Value.Type) throws(PickleObservation) -> Value {
    // Put together here and not by `ByteReader`: every second opcode has a number, and generic code of another
    // module is not specialised.
    let size = MemoryLayout<Value>.size
    try skip(size, "an argument")
    let end = input.startIndex + offset
    var value: Value = 0
    for index in 1...size { value = value << 8 | Value(truncatingIfNeeded: input[end - index]) }
    return value
  }

  /// Reads the eight bytes of a count.
  mutating func longCount() throws(PickleObservation) -> Int {
    let count = try number(UInt64.self)
    guard let count = Int(exactly: count) else {
      throw malformed("a count of bytes that are there", found: "a count of \(count)")
    }
    return count
  }

  /// Reads up to the next line feed, which is left out.
  mutating func line(_ what: StaticString) throws(PickleObservation) -> ArraySlice<UInt8> {
    let start = input.startIndex + offset
    guard let end = input[start...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw malformed(
        "\(what) ending in a line feed",
        found: offset == input.count ? "the end of the input" : "no line feed")
    }
    offset += end - start + 1
    return input[start..<end]
  }
}
