import Encoding
public import ModelGraph

/// Writes tensors as JSON text.
///
/// A double is written in Swift's shortest form that reads back the same (`2.0`, `1e-05`); NaN and the
/// infinities, which JSON cannot spell, as `null`.
public enum ResultText {
  /// An object with the result in one member: a list of rows, or one row bare; a row of a vector is a bare element.
  ///
  /// Of several tensors, one a target, each is written so in a list of their own.
  public static func write(_ tensors: [Tensor], isSingleRow: Bool, member: StaticString = "result") -> [UInt8]
  {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(64)
    bytes.append("{\"")
    bytes.append(member)
    bytes.append("\":")
    if tensors.count != 1 { bytes.append(UInt8(ascii: "[")) }
    for (index, tensor) in tensors.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(tensor, isSingleRow: isSingleRow, to: &bytes)
    }
    if tensors.count != 1 { bytes.append(UInt8(ascii: "]")) }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  private static func append(_ tensor: Tensor, isSingleRow: Bool, to bytes: inout [UInt8]) {
    let rowLength = tensor.shape.dropFirst().reduce(1, *)
    let isVector = tensor.shape.count < 2
    let rows = tensor.shape.first ?? 1
    if !isSingleRow { bytes.append(UInt8(ascii: "[")) }
    for row in 0..<rows {
      if row > 0 { bytes.append(UInt8(ascii: ",")) }
      if !isVector { bytes.append(UInt8(ascii: "[")) }
      append(tensor.elements, (row * rowLength)..<((row + 1) * rowLength), to: &bytes)
      if !isVector { bytes.append(UInt8(ascii: "]")) }
    }
    if !isSingleRow { bytes.append(UInt8(ascii: "]")) }
  }

  /// Appends elements with commas between them.
  static func append(_ elements: Tensor.Elements, _ range: Range<Int>, to bytes: inout [UInt8]) {
    switch elements {
    case .bool(let values): append(values[range], to: &bytes) { $1.append($0 ? "true" : "false") }
    case .int32(let values): append(values[range], to: &bytes) { $1.append(decimal: Int($0)) }
    case .int64(let values): append(values[range], to: &bytes) { $1.append(decimal: Int($0)) }
    case .float32(let values):
      append(values[range], to: &bytes) { $1 += ($0.isFinite ? $0.description : "null").utf8 }
    case .float64(let values):
      append(values[range], to: &bytes) { $1 += ($0.isFinite ? $0.description : "null").utf8 }
    case .string(let values): append(values[range], to: &bytes) { $1.append(jsonString: $0) }
    }
  }

  private static func append<Element>(
    _ elements: ArraySlice<Element>, to bytes: inout [UInt8], write: (Element, inout [UInt8]) -> Void
  ) {
    for (place, element) in elements.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      write(element, &bytes)
    }
  }
}
