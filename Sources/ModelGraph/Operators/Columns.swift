public import Domain

/// Some columns of a value, in any order; one may be taken more than once.
public struct Columns: Operator {
  /// The name of the kind.
  public static let kind = "columns"

  /// Which columns, counted from 0.
  public var indices: [Int64]

  /// Says which columns.
  public init(_ indices: [Int64]) {
    self.indices = indices
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.integers("indices"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(indices, "indices")
  }

  /// Gives a column for each index.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let type = try operands.one()
    switch type.content {
    case .numbers, .texts: break
    default: throw operands.problem("operand", "expected '\(operands.node)' to read numbers or texts")
    }
    guard !indices.isEmpty else {
      throw operands.problem("operand", "expected columns in '\(operands.node)', found none")
    }
    try operands.expectIndices(indices, below: type.columns, "indices")
    return ValueType(type.content, columns: indices.count)
  }
}

/// The columns of several values side by side.
public struct Concat: PlainOperator {
  /// The name of the kind.
  public static let kind = "concat"

  /// There is nothing to say.
  public init() {}

  /// Gives all columns; the operands hold numbers all, or texts, or labels of one datatype.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard let first = operands.types.first else {
      throw operands.problem("operand", "expected '\(operands.node)' to read some values, found none")
    }
    switch first.content {
    case .numbers, .texts, .labels: break
    case .indices, .parts:
      throw operands.problem(
        "operand", "expected '\(operands.node)' to read no \(first.content), found some")
    }
    var columns = 0
    for type in operands.types {
      guard type.content == first.content else {
        throw operands.problem(
          "operand",
          "expected '\(operands.node)' to read values of one kind, found \(first.content) and"
            + " \(type.content)")
      }
      // No overflow: there are few operands, of few columns each.
      columns += type.columns
    }
    return ValueType(first.content, columns: columns)
  }
}

/// The same numbers for every row, whatever the operand holds.
public struct Fill: Operator {
  /// The name of the kind.
  public static let kind = "fill"

  /// The numbers of a row.
  public var numbers: [Double]

  /// Says what a row holds.
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

  /// Gives a column for each number.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    _ = try operands.one()
    guard !numbers.isEmpty else {
      throw operands.problem("operand", "expected numbers in '\(operands.node)', found none")
    }
    return .numbers(numbers.count)
  }
}

/// Numbers or indices as a caller gets them, in another datatype: `predict` of a model that gives integers.
public struct Cast: Operator {
  /// The name of the kind.
  public static let kind = "cast"

  /// The datatype that comes out.
  public var datatype: Datatype

  /// Says what comes out.
  public init(_ datatype: Datatype) {
    self.datatype = datatype
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.choice("datatype"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(datatype, "datatype")
  }

  /// Gives as many columns as it reads; a number that the datatype cannot hold becomes the nearest it can.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let type = try operands.one()
    switch type.content {
    case .numbers, .indices: break
    default: throw operands.problem("operand", "expected '\(operands.node)' to read numbers or indices")
    }
    guard datatype != .string else {
      throw operands.problem("datatype", "expected '\(operands.node)' to give numbers, found text")
    }
    return ValueType(.labels(datatype), columns: type.columns)
  }
}
