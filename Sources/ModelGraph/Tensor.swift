/// The type of a tensor's elements, by the names of the Open Inference Protocol.
public enum Datatype: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case int32 = "INT32"
  case int64 = "INT64"
  case float32 = "FP32"
  case float64 = "FP64"
  case string = "BYTES"
}

/// A dense tensor in row-major order: the constants of a graph, and what a prediction gives.
public struct Tensor: Equatable, Sendable {
  /// The elements of a tensor, all of one type.
  public enum Elements: Equatable, Sendable {
    case bool([Bool])
    case int32([Int32])
    case int64([Int64])
    case float32([Float])
    case float64([Double])
    case string([String])

    /// How many there are.
    public var count: Int {
      switch self {
      case .bool(let elements): elements.count
      case .int32(let elements): elements.count
      case .int64(let elements): elements.count
      case .float32(let elements): elements.count
      case .float64(let elements): elements.count
      case .string(let elements): elements.count
      }
    }

    /// Those of a range of places.
    public subscript(range: Range<Int>) -> Elements {
      switch self {
      case .bool(let elements): .bool(Array(elements[range]))
      case .int32(let elements): .int32(Array(elements[range]))
      case .int64(let elements): .int64(Array(elements[range]))
      case .float32(let elements): .float32(Array(elements[range]))
      case .float64(let elements): .float64(Array(elements[range]))
      case .string(let elements): .string(Array(elements[range]))
      }
    }

    /// Their type.
    public var datatype: Datatype {
      switch self {
      case .bool: .bool
      case .int32: .int32
      case .int64: .int64
      case .float32: .float32
      case .float64: .float64
      case .string: .string
      }
    }
  }

  /// The length of each axis, outermost first.
  public let shape: [Int]
  /// The elements, row by row; as many as the product of `shape`.
  public let elements: Elements

  /// Puts elements in a shape; nil where their number is not the product of `shape`.
  public init?(shape: [Int], elements: Elements) {
    guard Self.elementCount(of: shape) == elements.count else { return nil }
    self.shape = shape
    self.elements = elements
  }

  /// Elements in a shape that is known to hold them.
  init(unchecked shape: [Int], _ elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  /// A tensor of one axis.
  public init(vector elements: Elements) {
    self.shape = [elements.count]
    self.elements = elements
  }

  /// The product of `shape`; nil where an axis is negative or the product overflows.
  public static func elementCount(of shape: [Int]) -> Int? {
    var count = 1
    for axis in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: axis)
      guard axis >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }
}
