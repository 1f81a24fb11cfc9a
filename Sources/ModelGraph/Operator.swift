public import Domain

/// One kind of computation on rows, with the constants it needs.
///
/// A conforming type says how it is written into `graph.json` and read back, and what it makes of what it
/// is given. Whatever its kernel takes for granted, `check` has established: a graph may come from anybody.
public protocol Operator: Equatable, Sendable {
  /// The name of the computation in `graph.json`, `tree_ensemble`.
  static var kind: String { get }

  /// Reads what `write` wrote.
  init(from reader: inout AttributeReader) throws(Problem)

  /// Writes every attribute down.
  func write(to writer: inout AttributeWriter)

  /// Checks the attributes against the operands and says what comes out.
  func check(_ operands: Operands) throws(Problem) -> ValueType

  /// How much computing takes beside reading the columns of the operands and writing those of the result.
  ///
  /// Asked once `check` has found nothing wrong. The types have fewer columns than were checked where values are
  /// sparse and the kernel passes their zeros by.
  func work(on operands: [ValueType]) -> Work
}

extension Operator {
  /// None: each column is read and written, and that is all.
  public func work(on operands: [ValueType]) -> Work { .none }

  /// Whether another operator is the same in kind and attributes.
  func equals(_ other: any Operator) -> Bool { (other as? Self) == self }
}

/// An operator that its kind says everything about.
public protocol PlainOperator: Operator {
  /// There is nothing to say.
  init()
}

extension PlainOperator {
  /// Reads nothing.
  public init(from reader: inout AttributeReader) throws(Problem) { self.init() }

  /// Writes nothing down.
  public func write(to writer: inout AttributeWriter) {}
}

/// The types of what an operator is given, with checks that most of them need.
public struct Operands: Sendable {
  /// The types in order.
  public let types: [ValueType]
  /// The value that the operator makes, for messages.
  public let node: String

  /// States the types and whom they are for.
  public init(_ types: [ValueType], node: String) {
    self.types = types
    self.node = node
  }

  /// The one operand of an operator that takes one.
  public func one() throws(Problem) -> ValueType {
    guard types.count == 1, let type = types.first else {
      throw problem("operand", "expected '\(node)' to read one value, found \(types.count)")
    }
    return type
  }

  /// How many columns the one operand has, which holds numbers.
  public func numbers() throws(Problem) -> Int { try numbers(of: try one()) }

  /// How many columns each of the operands has, which all hold numbers; `count` of them where that is fixed.
  public func allNumbers(count: Int? = nil) throws(Problem) -> [Int] {
    guard !types.isEmpty, count == nil || count == types.count else {
      throw problem(
        "operand",
        "expected '\(node)' to read \(count.map(String.init) ?? "some") values, found \(types.count)")
    }
    var columns: [Int] = []
    for type in types { columns.append(try numbers(of: type)) }
    return columns
  }

  /// How many indices the one operand may hold, which has one column of them.
  public func indices() throws(Problem) -> Int {
    let type = try one()
    guard case .indices(let bound) = type.content, type.columns == 1 else {
      throw problem("operand", "expected '\(node)' to read one column of indices, found \(type.content)")
    }
    return bound
  }

  /// How many columns the one operand has, which holds texts.
  public func texts() throws(Problem) -> Int {
    let type = try one()
    guard type.content == .texts else {
      throw problem("operand", "expected '\(node)' to read texts, found \(type.content)")
    }
    return type.columns
  }

  private func numbers(of type: ValueType) throws(Problem) -> Int {
    guard type.content == .numbers else {
      throw problem("operand", "expected '\(node)' to read numbers, found \(type.content)")
    }
    return type.columns
  }

  /// Refuses a vector of another length.
  public func expect<Element>(
    _ elements: [Element], count: Int, _ attribute: String
  ) throws(Problem) {
    guard elements.count == count else {
      throw problem(
        "tensor-shape",
        "expected '\(attribute)' to have \(count) elements in '\(node)', found \(elements.count)")
    }
  }

  /// Refuses a matrix of another shape.
  public func expect(_ tensor: Tensor, shape: [Int], _ attribute: String) throws(Problem) {
    guard tensor.shape == shape else {
      throw problem(
        "tensor-shape",
        "expected '\(attribute)' to have the shape \(shape) in '\(node)', found \(tensor.shape)")
    }
  }

  /// Refuses points other than one or more of as many finite numbers as rows have columns.
  func expectPoints(_ points: ConstantMatrix, columns: Int) throws(Problem) {
    guard points.rows > 0 else {
      throw problem("operand", "expected points in '\(node)', found none")
    }
    try expect(points.tensor, shape: [points.rows, columns], "points")
    try expectFinite(points.elements, "points")
  }

  /// Refuses infinities and NaN.
  public func expectFinite(_ elements: [Double], _ attribute: String) throws(Problem) {
    guard let index = elements.firstIndex(where: { !$0.isFinite }) else { return }
    throw problem(
      "not-finite",
      "expected finite numbers as '\(attribute)' of '\(node)', found \(elements[index]) at element \(index)")
  }

  /// Refuses an index outside `0..<bound`.
  public func expectIndices(_ elements: [Int64], below bound: Int, _ attribute: String) throws(Problem) {
    guard let index = elements.firstIndex(where: { $0 < 0 || $0 >= bound }) else { return }
    throw problem(
      "index-range",
      "expected '\(attribute)' of '\(node)' to be from 0 to below \(bound), found \(elements[index])")
  }

  /// A problem of the operator, under the code `graph.` and `what`.
  public func problem(_ what: String, _ message: String) -> Problem {
    Problem(.badInput, "graph.\(what)", message)
  }
}
