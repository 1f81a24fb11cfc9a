import Domain
import ModelGraph

/// One step of a plan: a computation with its constants, laid out for running.
enum Kernel: Sendable {
  case checkFinite(FiniteCheck)
  case scale(offset: [Double]?, divisor: [Double]?)
  case linear(LinearKernel)
  case trees(TreeKernel)
  case softmax
  case logistic
  case normalizeRows(ZeroSum)
  case mirror
  case complement
  case argMax
  case positive
  case label(Tensor.Elements)

  init(_ step: Step) {
    switch step.computation {
    case .checkFinite(let allowsNaN, let asFloat32):
      self = .checkFinite(
        FiniteCheck(allowsNaN: allowsNaN, asFloat32: asFloat32, origin: step.origin))
    case .scale(let offset, let divisor): self = .scale(offset: offset, divisor: divisor)
    case .linear(let coefficients, let intercepts):
      self = .linear(LinearKernel(coefficients: coefficients, intercepts: intercepts))
    case .trees(let trees): self = .trees(TreeKernel(trees))
    case .softmax: self = .softmax
    case .logistic: self = .logistic
    case .normalizeRows(let zeroSum): self = .normalizeRows(zeroSum)
    case .mirror: self = .mirror
    case .complement: self = .complement
    case .argMax: self = .argMax
    case .positive: self = .positive
    case .label(let labels): self = .label(labels)
    }
  }

  /// Runs on one value, which has the content and columns that the graph's check found.
  func run(on value: Value, signature: ModelSignature) throws(Problem) -> Value {
    switch (self, value) {
    case (.checkFinite(let check), .numbers(let matrix)):
      .numbers(try check.run(on: matrix, featureNames: signature.featureNames))
    case (.scale(let offset, let divisor), .numbers(let matrix)):
      .numbers(matrix.scaled(offset: offset, divisor: divisor))
    case (.linear(let kernel), .numbers(let matrix)): .numbers(kernel.run(on: matrix))
    case (.trees(let kernel), .numbers(let matrix)): .numbers(kernel.run(on: matrix))
    case (.softmax, .numbers(let matrix)): .numbers(matrix.softmax())
    case (.logistic, .numbers(let matrix)): .numbers(matrix.logistic())
    case (.normalizeRows(let zeroSum), .numbers(let matrix)):
      .numbers(matrix.rowsNormalized(zeroSum: zeroSum))
    case (.mirror, .numbers(let matrix)): .numbers(matrix.paired { (-$0, $0) })
    case (.complement, .numbers(let matrix)): .numbers(matrix.paired { (1 - $0, $0) })
    case (.argMax, .numbers(let matrix)): .indices(matrix.argMax())
    case (.positive, .numbers(let matrix)): .indices(matrix.elements.map { $0 > 0 ? 1 : 0 })
    case (.label(let labels), .indices(let indices)): .labels(labels.picking(indices))
    case (_, .numbers), (_, .indices), (_, .labels):
      preconditionFailure("a checked graph gives each operator what it reads")
    }
  }
}

extension Tensor.Elements {
  fileprivate func picking(_ indices: [Int]) -> Tensor.Elements {
    switch self {
    case .bool(let elements): .bool(indices.map { elements[$0] })
    case .int64(let elements): .int64(indices.map { elements[$0] })
    case .float64(let elements): .float64(indices.map { elements[$0] })
    case .string(let elements): .string(indices.map { elements[$0] })
    }
  }
}
