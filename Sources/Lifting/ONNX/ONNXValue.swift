import Artifacts
import Domain
import ModelGraph

/// A value of an ONNX graph while the graph is lifted.
enum ONNXValue {
  /// Known before anything runs.
  case constant(ONNXConstant)
  /// Different for each row.
  case batch(ONNXBatch)
  /// The shape of a value, in which the number of rows stands for itself.
  case sizes([ONNXSize], isScalar: Bool)
}

/// One number of a shape.
enum ONNXSize: Equatable {
  /// A number that is known.
  case known(Int)
  /// The number of rows, so many times.
  case rows(times: Int)
}

/// What the elements of a value are; integers and truth values are doubles while they flow.
enum ONNXKind: Equatable {
  case float32, float64, integer, boolean, text

  /// The kind of a type that is computed with; nil for half precision, complex numbers and the like.
  init?(_ type: ONNXElementType?) {
    switch type {
    case .float: self = .float32
    case .double: self = .float64
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: self = .integer
    case .bool: self = .boolean
    case .string: self = .text
    default: return nil
    }
  }

  /// Whether the elements are numbers with fractions.
  var isFloat: Bool { self == .float32 || self == .float64 }
}

/// A tensor that is known before anything runs.
struct ONNXConstant {
  enum Elements {
    case numbers([Double])
    case integers([Int64])
    case texts([String])
  }

  let kind: ONNXKind
  let shape: [Int]
  let elements: Elements

  /// How many elements there are.
  var count: Int {
    switch elements {
    case .numbers(let elements): elements.count
    case .integers(let elements): elements.count
    case .texts(let elements): elements.count
    }
  }

  /// The elements as doubles; nil for text.
  var doubles: [Double]? {
    switch elements {
    case .numbers(let elements): elements
    case .integers(let elements): elements.map { Double($0) }
    case .texts: nil
    }
  }

  /// The elements as integers; nil for what has fractions and for text.
  var integers: [Int64]? {
    if case .integers(let elements) = elements { elements } else { nil }
  }

  /// The elements at some places, in a shape that has as many.
  func picking(_ places: [Int], shape: [Int]) -> ONNXConstant {
    let picked: Elements =
      switch elements {
      case .numbers(let elements): .numbers(places.map { elements[$0] })
      case .integers(let elements): .integers(places.map { elements[$0] })
      case .texts(let elements): .texts(places.map { elements[$0] })
      }
    return ONNXConstant(kind: kind, shape: shape, elements: picked)
  }

  /// The same elements in another shape, which has as many.
  func reshaped(_ shape: [Int]) -> ONNXConstant {
    ONNXConstant(kind: kind, shape: shape, elements: elements)
  }
}

/// A value that has its elements for each row of the input.
///
/// Of its axes one is that of the rows; the others are static and laid out one after another in the columns of
/// the value it is of the lifted graph. Where an axis of the model holds several elements of each row beside
/// each other (`Reshape` of `[N, 4, 8]` to `[-1, 8]`), the length of the rows' axis is how many.
struct ONNXBatch {
  /// What the value of the lifted graph holds.
  enum Content: Equatable {
    case numbers
    /// Whole numbers from 0 to below `bound`, in one column.
    case indices(bound: Int)
    case texts
    /// Indices, in one column, that stand for these texts.
    case names([String])
  }

  /// The value of the lifted graph.
  var value: GraphValue
  var kind: ONNXKind
  /// The length of each axis; of the rows' axis what one row has of it.
  var shape: [Int]
  /// Which axis is that of the rows.
  var rowAxis: Int
  var content: Content = .numbers

  /// How many columns the value has.
  var columns: Int { shape.reduce(1, *) }

  /// How many axes there are.
  var rank: Int { shape.count }

  /// The value with other axes.
  func reshaped(_ shape: [Int], rowAxis: Int) -> ONNXBatch {
    var result = self
    result.shape = shape
    result.rowAxis = rowAxis
    return result
  }
}
