import Encoding
import ModelGraph

/// The elements of a constant, by the types of ONNX that are written.
enum ONNXElements {
  case floats([Float])
  case doubles([Double])
  case integers([Int64])
  case shortIntegers([Int32])
  case bytes([UInt8])
  case booleans([Bool])
  case texts([String])

  /// The elements of a tensor of the graph.
  init(_ elements: Tensor.Elements) {
    switch elements {
    case .bool(let elements): self = .booleans(elements)
    case .int32(let elements): self = .shortIntegers(elements)
    case .int64(let elements): self = .integers(elements)
    case .float32(let elements): self = .floats(elements)
    case .float64(let elements): self = .doubles(elements)
    case .string(let elements): self = .texts(elements)
    }
  }

  /// The number of the type (`TensorProto.DataType`).
  var type: ONNXType {
    switch self {
    case .floats: .float
    case .doubles: .double
    case .integers: .int64
    case .shortIntegers: .int32
    case .bytes: .uint8
    case .booleans: .bool
    case .texts: .string
    }
  }

  /// How many there are.
  var count: Int {
    switch self {
    case .floats(let elements): elements.count
    case .doubles(let elements): elements.count
    case .integers(let elements): elements.count
    case .shortIntegers(let elements): elements.count
    case .bytes(let elements): elements.count
    case .booleans(let elements): elements.count
    case .texts(let elements): elements.count
    }
  }
}

/// The types of elements that are written (`TensorProto.DataType`).
enum ONNXType: Int64 {
  case float = 1
  case uint8 = 2
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case double = 11

  /// The type that a caller gets for a datatype.
  init(_ datatype: Datatype) {
    switch datatype {
    case .bool: self = .bool
    case .int32: self = .int32
    case .int64: self = .int64
    case .float32: self = .float
    case .float64: self = .double
    case .string: self = .string
    }
  }
}

/// A tensor of the model that is written: a weight, or the value of an attribute.
struct ONNXConstant {
  let shape: [Int]
  let elements: ONNXElements

  /// A tensor of one axis.
  init(_ elements: ONNXElements) {
    self.init(elements, shape: [elements.count])
  }

  /// A tensor of a shape with as many elements.
  init(_ elements: ONNXElements, shape: [Int]) {
    self.shape = shape
    self.elements = elements
  }

  /// A matrix.
  init(_ matrix: ConstantMatrix) {
    self.init(.doubles(matrix.elements), shape: [matrix.rows, matrix.columns])
  }

  /// Writes the message, elements as raw bytes where they are not text.
  func write(named name: String, to message: inout ProtobufWriter) {
    message.packed(1, shape.map { Int64($0) })
    message.integer(2, elements.type.rawValue)
    message.text(8, name)
    var raw = ProtobufWriter()
    switch elements {
    case .floats(let elements):
      for element in elements { raw.append(word: UInt64(element.bitPattern), count: 4) }
    case .doubles(let elements): for element in elements { raw.append(word: element.bitPattern, count: 8) }
    case .integers(let elements):
      for element in elements { raw.append(word: UInt64(bitPattern: element), count: 8) }
    case .shortIntegers(let elements):
      for element in elements { raw.append(word: UInt64(UInt32(bitPattern: element)), count: 4) }
    case .bytes(let elements): for element in elements { raw.append(word: UInt64(element), count: 1) }
    case .booleans(let elements): for element in elements { raw.append(word: element ? 1 : 0, count: 1) }
    case .texts(let elements):
      for element in elements { message.text(6, element) }
      return
    }
    message.field(9, raw.bytes)
  }
}
