/// The items of an array or scalar as they lie in memory, or one field of theirs.
public struct NumPyItems: Sendable {
  let bytes: ArraySlice<UInt8>
  /// The type of what is read of each item.
  let type: NumPyType
  /// Where that starts in an item.
  let offset: Int
  /// From one item to the next, in bytes.
  let stride: Int

  /// How many items there are.
  public var count: Int { stride > 0 ? bytes.count / stride : 0 }

  /// One field of structured items; nil where there is none of that name, or it reaches beyond the item.
  public func field(_ name: String) -> NumPyItems? {
    guard case .structured(let fields, _) = type, let field = fields.first(where: { $0.name == name }),
      field.offset >= 0, field.offset <= stride - field.type.itemSize
    else { return nil }
    return NumPyItems(bytes: bytes, type: field.type, offset: field.offset, stride: stride)
  }

  /// The items as doubles, as NumPy converts them; nil where they are not real numbers.
  public func doubles() -> [Double]? {
    switch type {
    case .float(2, let order): read(UInt16.self, order) { Double(Float16(bitPattern: $0)) }
    case .float(4, let order): read(UInt32.self, order) { Double(Float(bitPattern: $0)) }
    case .float(8, let order): read(UInt64.self, order) { Double(bitPattern: $0) }
    case .unsigned(8, let order): read(UInt64.self, order) { Double($0) }
    default: integers()?.map { Double($0) }
    }
  }

  /// The items as integers; nil where they are none, or one is beyond 63 bits and a sign.
  public func integers() -> [Int64]? {
    switch type {
    case .integer(1, _): return read(Int8.self, .little) { Int64($0) }
    case .integer(2, let order): return read(Int16.self, order) { Int64($0) }
    case .integer(4, let order): return read(Int32.self, order) { Int64($0) }
    case .integer(8, let order): return read(Int64.self, order) { $0 }
    case .unsigned(1, _): return read(UInt8.self, .little) { Int64($0) }
    case .unsigned(2, let order): return read(UInt16.self, order) { Int64($0) }
    case .unsigned(4, let order): return read(UInt32.self, order) { Int64($0) }
    case .unsigned(8, let order):
      let values = read(UInt64.self, order) { $0 }
      guard values.allSatisfy({ $0 <= UInt64(Int64.max) }) else { return nil }
      return values.map { Int64($0) }
    default: return nil
    }
  }

  /// The items as booleans; nil where they are none.
  public func booleans() -> [Bool]? {
    guard case .bool = type else { return nil }
    return read(UInt8.self, .little) { $0 != 0 }
  }

  /// The items as text; nil where they are none, or hold what is not Unicode.
  public func strings() -> [String]? {
    guard case .unicode(let length, let order) = type else { return nil }
    var texts: [String] = []
    texts.reserveCapacity(count)
    for item in 0..<count {
      let start = bytes.startIndex + item * stride + offset
      let units = NumPyItems(
        bytes: bytes[start..<(start + length * 4)], type: .unsigned(size: 4, order), offset: 0, stride: 4
      ).read(UInt32.self, order) { $0 }
      let used = units.prefix((units.lastIndex { $0 != 0 } ?? -1) + 1)
      var text = String.UnicodeScalarView()
      for unit in used {
        guard let scalar = Unicode.Scalar(unit) else { return nil }
        text.append(scalar)
      }
      texts.append(String(text))
    }
    return texts
  }

  private func read<Raw: FixedWidthInteger & BitwiseCopyable, Item>(
    _ raw: Raw.Type, _ order: NumPyType.ByteOrder, _ convert: (Raw) -> Item
  ) -> [Item] {
    let span = unsafe bytes.span.bytes
    var items: [Item] = []
    items.reserveCapacity(count)
    for item in 0..<count {
      // Unsafe in name only: any bytes make an integer, and RawSpan checks the bounds.
      let value = unsafe span.unsafeLoadUnaligned(fromByteOffset: item * stride + offset, as: Raw.self)
      items.append(convert(order == .little ? Raw(littleEndian: value) : Raw(bigEndian: value)))
    }
    return items
  }
}

extension NumPyArray {
  /// The items in the order they lie in; nil for an array of objects, or bytes that its shape does not fill.
  public var items: NumPyItems? {
    guard case .bytes(let bytes) = storage, type.itemSize > 0,
      let (size, overflow) = elementCount.map({ $0.multipliedReportingOverflow(by: type.itemSize) }),
      !overflow, size == bytes.count
    else { return nil }
    return NumPyItems(bytes: bytes, type: type, offset: 0, stride: type.itemSize)
  }

  private var elementCount: Int? {
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard axis >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }

  /// Items that lie in this array's order, brought into row-major order.
  public func rowMajor<Item>(_ items: [Item]) -> [Item] {
    guard isFortranOrder, shape.count(where: { $0 > 1 }) > 1 else { return items }
    // The distance between neighbours along each axis, the first axis being the fastest.
    var strides: [Int] = []
    var stride = 1
    for axis in shape {
      strides.append(stride)
      stride *= axis
    }
    var result: [Item] = []
    result.reserveCapacity(items.count)
    var index = [Int](repeating: 0, count: shape.count)
    var source = 0
    while result.count < items.count {
      result.append(items[source])
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        source += strides[axis]
        guard index[axis] == shape[axis] else { break }
        source -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}

extension NumPyScalar {
  /// The one item.
  public var items: NumPyItems {
    NumPyItems(bytes: bytes, type: type, offset: 0, stride: max(1, type.itemSize))
  }
}
