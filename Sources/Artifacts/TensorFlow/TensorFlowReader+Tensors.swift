import Encoding

// Constants and shapes in the attributes of nodes.
extension TensorFlowReader {
  /// How many bytes a constant may come to that repeats one value.
  private static let repeatedByteCount = 1 << 32

  /// How many bytes an element of each type takes (`types.proto`), by the number of the type.
  private static let widths: [UInt64: Int] = [
    1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2, 17: 2,
    18: 16,
    19: 2, 22: 4, 23: 8, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1, 29: 1, 30: 1,
  ]

  /// Reads a shape: the number of elements, nil where it is not known.
  mutating func readShape(_ bytes: ArraySlice<UInt8>, of node: Node, at offset: Int) throws(MalformedBytes)
    -> Int?
  {
    var product = 1
    var isKnown = true
    var overflows = false
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (2, let dimension?):
        var parts = ProtobufReader(dimension, origin: origin)
        // A size of 0 is not written.
        var size: Int64 = 0
        while let part = try parts.next() { if part.number == 1, let value = part.integer { size = value } }
        if size < -1 {
          observe(.shape, "expected the size of a dimension, found \(size) in \(node.label)", offset)
          return nil
        }
        guard size >= 0 else {
          isKnown = false
          continue
        }
        let (result, overflow) = product.multipliedReportingOverflow(by: Int(size))
        overflows = overflows || overflow
        product = overflow ? .max : result
      case (3, _): isKnown = false
      default: break
      }
    }
    if product == 0 { return 0 }
    if overflows || product > Self.absurdByteCount {
      observe(
        .shape,
        "expected a shape that fits in memory, found one of"
          + (overflows ? " more than 2^63" : " \(product)") + " elements in \(node.label)", offset)
      return nil
    }
    return isKnown ? product : nil
  }

  /// Reads a constant: its shape and its data have to agree.
  mutating func readTensor(_ bytes: ArraySlice<UInt8>, of node: Node, at offset: Int) throws(MalformedBytes) {
    var type: UInt64 = 0
    var count: Int? = 1
    var content: Int?
    var values = 0
    var once = OnceOnly("a tensor", [1, 2, 4])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch field.number {
      case 1: type = field.varint ?? 0
      case 2: if let shape = field.bytes { count = try readShape(shape, of: node, at: field.offset) }
      case 4: content = field.bytes?.count
      case 5: values += try field.fixedCount(width: 4)
      case 6: values += try field.fixedCount(width: 8)
      case 7, 10, 11, 13, 16, 17: values += field.integerCount
      case 8, 14, 15: values += 1
      case 9: values += try field.fixedCount(width: 4) / 2
      case 12: values += try field.fixedCount(width: 8) / 2
      default: break
      }
    }
    guard let count, let width = Self.widths[type] ?? (type == 7 ? 1 : nil) else { return }
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: width)
    if let content, content > 0, type != 7 {
      // Types of fewer than eight bits are packed by some writers.
      if !overflow, content == byteCount || type >= 24 { return }
      let isAbsurd = overflow || byteCount > Self.absurdByteCount
      observe(
        isAbsurd ? .shape : .tensorSize,
        "expected \(byteCount) bytes in the constant of \(node.label), found \(content)", offset)
    } else if overflow || byteCount > Self.repeatedByteCount {
      observe(
        .shape,
        "expected a constant that fits in memory, found \(count) elements from \(values) values in"
          + " \(node.label)", offset)
    } else if values > count {
      observe(
        .tensorSize, "expected at most \(count) values in the constant of \(node.label), found \(values)",
        offset)
    }
  }
}
