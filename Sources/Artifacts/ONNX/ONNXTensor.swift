import Encoding

/// The element types of ONNX tensors (`TensorProto.DataType`).
public enum ONNXElementType: Int64, Sendable {
  case float = 1, uint8, int8, uint16, int16, int32, int64, string, bool, float16, double, uint32, uint64
  case complex64, complex128, bfloat16, float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, uint4, int4
  case float4e2m1, float8e8m0, uint2, int2

  /// How many bits an element takes in raw data; nil for text.
  var bitWidth: Int? {
    switch self {
    case .string: nil
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .uint8, .int8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float, .int32, .uint32: 32
    case .double, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// How many bytes `count` elements take in raw data; nil for text and past 2^63.
  func byteCount(_ count: Int) -> Int? {
    guard let bitWidth else { return nil }
    if bitWidth < 8 { return count / (8 / bitWidth) + (count.isMultiple(of: 8 / bitWidth) ? 0 : 1) }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: bitWidth / 8)
    return overflow ? nil : bytes
  }
}

/// A tensor of an ONNX model: what it says it is and how much it holds.
struct ONNXTensor {
  var name: ArraySlice<UInt8>
  var type: ONNXElementType?
  var typeNumber: Int64 = 0
  var dimensions: [Int64] = []
  /// The bytes of `raw_data`.
  var raw: ArraySlice<UInt8>?
  /// How many numbers stand in each of the typed fields, by the number of the field.
  var typedCounts: [Int: Int] = [:]
  /// The first few integers of the typed fields.
  var typedIntegers: [Int64] = []
  /// Whether the data is said to be in another file.
  var isExternal = false
  var offset = 0

  /// The number of elements that the shape stands for; nil past 2^63 or with a negative size.
  var elementCount: Int? {
    var product = 1
    var overflows = false
    for size in dimensions {
      guard let size = Int(exactly: size), size >= 0 else { return nil }
      if size == 0 { return 0 }
      let (result, overflow) = product.multipliedReportingOverflow(by: size)
      overflows = overflows || overflow
      product = result
    }
    return overflows ? nil : product
  }

  /// The elements of a small tensor of integers.
  func integers(limit: Int) -> [Int64]? {
    guard let count = elementCount, count <= limit else { return nil }
    if let raw {
      switch type {
      case .int64 where raw.count == 8 * count:
        return stride(from: raw.startIndex, to: raw.endIndex, by: 8).map {
          Int64(littleEndianBytes: raw[$0..<($0 + 8)])
        }
      case .int32 where raw.count == 4 * count:
        return stride(from: raw.startIndex, to: raw.endIndex, by: 4).map {
          Int64(Int32(littleEndianBytes: raw[$0..<($0 + 4)]))
        }
      default: return nil
      }
    }
    return typedIntegers.count == count ? typedIntegers : nil
  }

  /// The numbers that the typed field for this element type has to hold, and that field.
  func typedCount(_ count: Int) -> (field: Int, count: Int)? {
    switch type {
    case .float: (4, count)
    case .complex64: (4, count.multipliedReportingOverflow(by: 2).partialValue)
    case .int64: (7, count)
    case .double: (10, count)
    case .complex128: (10, count.multipliedReportingOverflow(by: 2).partialValue)
    case .uint32, .uint64: (11, count)
    case .string: (6, count)
    case .uint4, .int4, .float4e2m1: (5, count / 2 + count % 2)
    case .uint2, .int2: (5, count / 4 + (count.isMultiple(of: 4) ? 0 : 1))
    case .int32, .int16, .int8, .uint16, .uint8, .bool, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz,
      .float8e5m2, .float8e5m2fnuz, .float8e8m0:
      (5, count)
    case nil: nil
    }
  }
}
