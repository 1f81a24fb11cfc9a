import Domain

/// Turns one operator's names of constants into the constants, checked against what the operator asks.
struct ConstantReader {
  let tensors: [String: Tensor]
  /// The value that the operator makes, for messages.
  let node: String
  /// The tensors that have been read.
  private(set) var read: Set<String> = []

  init(tensors: [String: Tensor], node: String) {
    self.tensors = tensors
    self.node = node
  }

  mutating func resolve(
    _ operation: Operator, on input: CheckedValue
  ) throws(Problem) -> (Computation, CheckedValue) {
    if case .label(let labels) = operation { return try label(labels, on: input) }
    guard input.content == .numbers else {
      throw GraphChecker.malformed(
        "operand", "expected '\(node)' to read numbers, found indices or labels")
    }
    func numbers(_ columns: Int) -> CheckedValue { CheckedValue(columns: columns, content: .numbers) }
    switch operation {
    case .checkFinite(let allowsNaN, let asFloat32):
      return (.checkFinite(allowsNaN: allowsNaN, asFloat32: asFloat32), numbers(input.columns))
    case .scale(let offset, let divisor): return (try scale(offset, divisor, input), input)
    case .linear(let coefficients, let intercepts):
      return try linear(coefficients, intercepts, input)
    case .treeEnsemble(let ensemble):
      let trees = try trees(ensemble, columns: input.columns)
      return (.trees(trees), numbers(trees.outputs))
    case .softmax: return (.softmax, input)
    case .logistic: return (.logistic, input)
    case .normalizeRows(let zeroSum): return (.normalizeRows(zeroSum: zeroSum), input)
    case .mirror: return (.mirror, numbers(try doubled(input)))
    case .complement: return (.complement, numbers(try doubled(input)))
    case .argMax:
      return (.argMax, CheckedValue(columns: 1, content: .indices(bound: input.columns)))
    case .positive:
      _ = try doubled(input)
      return (.positive, CheckedValue(columns: 1, content: .indices(bound: 2)))
    case .label(let labels): return try label(labels, on: input)
    }
  }

  /// The columns of an operator that makes two choices of one column.
  private func doubled(_ input: CheckedValue) throws(Problem) -> Int {
    guard input.columns == 1 else {
      throw GraphChecker.malformed(
        "operand", "expected '\(node)' to read one column, found \(input.columns)")
    }
    return 2
  }

  private mutating func scale(
    _ offset: String?, _ divisor: String?, _ input: CheckedValue
  ) throws(Problem) -> Computation {
    var offsets: [Double]?
    var divisors: [Double]?
    if let offset { offsets = try finite(offset, shape: [input.columns]) }
    if let divisor {
      let elements = try finite(divisor, shape: [input.columns])
      if let index = elements.firstIndex(of: 0) {
        throw GraphChecker.malformed(
          "divisor", "expected divisors other than 0 in '\(divisor)', found 0 at [\(index)]")
      }
      divisors = elements
    }
    return .scale(offset: offsets, divisor: divisors)
  }

  private mutating func linear(
    _ coefficients: String, _ intercepts: String, _ input: CheckedValue
  ) throws(Problem) -> (Computation, CheckedValue) {
    let outputs = try axis(0, of: coefficients)
    let weights = try finite(coefficients, shape: [outputs, input.columns])
    let constants = try finite(intercepts, shape: [outputs])
    return (
      .linear(coefficients: weights, intercepts: constants),
      CheckedValue(columns: outputs, content: .numbers)
    )
  }

  private mutating func label(
    _ labels: String, on input: CheckedValue
  ) throws(Problem) -> (Computation, CheckedValue) {
    guard case .indices(let bound) = input.content else {
      throw GraphChecker.malformed("operand", "expected '\(node)' to read indices, found other values")
    }
    let tensor = try tensor(labels)
    guard tensor.shape == [bound] else {
      throw GraphChecker.malformed(
        "tensor-shape",
        "expected '\(labels)' to have the shape [\(bound)] for '\(node)', found \(tensor.shape)")
    }
    if case .float64(let elements) = tensor.elements { try checkFinite(elements, labels) }
    let content = CheckedValue.Content.labels(labels, tensor.elements.datatype)
    return (.label(tensor.elements), CheckedValue(columns: input.columns, content: content))
  }
}

// MARK: - Constants

extension ConstantReader {
  private mutating func tensor(_ name: String) throws(Problem) -> Tensor {
    guard let tensor = tensors[name] else {
      throw GraphChecker.malformed(
        "no-such-tensor", "expected the tensor '\(name)' for '\(node)', found none")
    }
    read.insert(name)
    return tensor
  }

  /// The length of an axis, at least 1.
  mutating func axis(_ index: Int, of name: String) throws(Problem) -> Int {
    let shape = try tensor(name).shape
    guard shape.indices.contains(index), shape[index] > 0 else {
      throw GraphChecker.malformed(
        "tensor-shape",
        "expected '\(name)' to have elements along axis \(index) for '\(node)', found the shape \(shape)")
    }
    return shape[index]
  }

  mutating func finite(_ name: String, shape: [Int]) throws(Problem) -> [Double] {
    let elements = try doubles(name, shape: shape)
    try checkFinite(elements, name)
    return elements
  }

  mutating func doubles(_ name: String, shape: [Int]) throws(Problem) -> [Double] {
    let tensor = try tensor(name)
    guard tensor.shape == shape, case .float64(let elements) = tensor.elements else {
      throw unexpected(tensor, name, .float64, shape)
    }
    return elements
  }

  mutating func integers(_ name: String, shape: [Int]) throws(Problem) -> [Int64] {
    let tensor = try tensor(name)
    guard tensor.shape == shape, case .int64(let elements) = tensor.elements else {
      throw unexpected(tensor, name, .int64, shape)
    }
    return elements
  }

  mutating func booleans(_ name: String, shape: [Int]) throws(Problem) -> [Bool] {
    let tensor = try tensor(name)
    guard tensor.shape == shape, case .bool(let elements) = tensor.elements else {
      throw unexpected(tensor, name, .bool, shape)
    }
    return elements
  }

  private func unexpected(
    _ tensor: Tensor, _ name: String, _ datatype: Datatype, _ shape: [Int]
  ) -> Problem {
    GraphChecker.malformed(
      "tensor-shape",
      "expected '\(name)' to be \(datatype.rawValue) of shape \(shape) for '\(node)', found"
        + " \(tensor.elements.datatype.rawValue) of shape \(tensor.shape)")
  }

  private func checkFinite(_ elements: [Double], _ name: String) throws(Problem) {
    guard let index = elements.firstIndex(where: { !$0.isFinite }) else { return }
    throw GraphChecker.malformed(
      "not-finite",
      "expected finite numbers in '\(name)', found \(elements[index]) at element \(index)")
  }
}
