public import Domain

/// One column x becomes two, −x and x: the logits of a binary softmax.
public struct Mirror: PlainOperator {
  /// The name of the kind.
  public static let kind = "mirror"

  /// There is nothing to say.
  public init() {}

  /// Gives two columns of one.
  public func check(_ operands: Operands) throws(Problem) -> ValueType { try operands.doubled() }
}

/// One column p becomes two, 1 − p and p.
public struct Complement: PlainOperator {
  /// The name of the kind.
  public static let kind = "complement"

  /// There is nothing to say.
  public init() {}

  /// Gives two columns of one.
  public func check(_ operands: Operands) throws(Problem) -> ValueType { try operands.doubled() }
}

/// The index of the first greatest element of each row; like NumPy's, the first NaN is the greatest.
public struct ArgMax: PlainOperator {
  /// The name of the kind.
  public static let kind = "arg_max"

  /// There is nothing to say.
  public init() {}

  /// Gives one column of indices of columns.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    ValueType(.indices(bound: try operands.numbers()), columns: 1)
  }
}

/// 1 where x is above a threshold (or not below it), else 0, for one column.
public struct Positive: Operator {
  /// The name of the kind.
  public static let kind = "positive"

  /// The threshold.
  public var threshold: Double
  /// Whether an element that equals the threshold counts as above it.
  public var includesThreshold: Bool

  /// Says what counts as above.
  public init(threshold: Double = 0, includesThreshold: Bool = false) {
    self.threshold = threshold
    self.includesThreshold = includesThreshold
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      threshold: try reader.number("threshold"), includesThreshold: try reader.bool("includes_threshold"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(threshold, "threshold")
    writer.write(includesThreshold, "includes_threshold")
  }

  /// Gives one column of 0 and 1.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    _ = try operands.doubled()
    return ValueType(.indices(bound: 2), columns: 1)
  }
}

/// Each index becomes the number at that place.
public struct Pick: Operator {
  /// The name of the kind.
  public static let kind = "pick"

  /// The numbers.
  public var numbers: [Double]

  /// Says what is picked from.
  public init(_ numbers: [Double]) {
    self.numbers = numbers
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.numbers("numbers"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(numbers, "numbers")
  }

  /// Gives one column of numbers.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(numbers, count: try operands.indices(), "numbers")
    return .numbers(1)
  }
}

/// Each index becomes the label at that place.
public struct Label: Operator {
  /// The name of the kind.
  public static let kind = "label"

  /// The labels, of any datatype.
  public var labels: Tensor

  /// Says what the labels are.
  public init(_ labels: Tensor) {
    self.labels = labels
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.tensor("labels"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(labels, "labels")
  }

  /// Gives one column of labels.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(labels, shape: [try operands.indices()], "labels")
    switch labels.elements {
    case .float64(let elements): try operands.expectFinite(elements, "labels")
    case .float32(let elements): try operands.expectFinite(elements.map { Double($0) }, "labels")
    case .bool, .int32, .int64, .string: break
    }
    return ValueType(.labels(labels.elements.datatype), columns: 1)
  }
}

extension Operands {
  /// Two columns, where the one operand has one column of numbers.
  fileprivate func doubled() throws(Problem) -> ValueType {
    let columns = try numbers()
    guard columns == 1 else {
      throw problem("operand", "expected '\(node)' to read one column, found \(columns)")
    }
    return .numbers(2)
  }
}
