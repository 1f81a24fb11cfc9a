public import Domain
public import ModelGraph

/// How an answer is blunted before it leaves, whatever wire it goes out on.
extension DefencePolicy.Disclosure {
  /// The methods that callers may have answered of a model: all, or its principal one where labels alone leave.
  ///
  /// Of a model that gives labels that is the label; of any other what it is there for, since there would be no answer without.
  public func answered(of signature: ModelSignature) -> [PredictionMethod] {
    guard self == .labels else { return signature.methods }
    return Array(signature.methods.prefix(1))
  }

  /// What a method said, as it leaves: numbers with so many digits, and probabilities so that they still add up to one.
  ///
  /// Labels are as they were, also where they are numbers. Takes a fraction of a microsecond for each number.
  public func blunted(
    _ tensors: [Tensor], of method: PredictionMethod, by signature: ModelSignature
  ) -> [Tensor] {
    guard case .digits(let digits) = self else { return tensors }
    // A label is not rounded: it would be another one.
    if method == .predict, !signature.classes.isEmpty { return tensors }
    return tensors.map { $0.rounded(digits, areProbabilities: method == .predictProbabilities) }
  }
}

extension Tensor {
  fileprivate func rounded(_ digits: Int, areProbabilities: Bool) -> Tensor {
    let width = shape.count > 1 ? shape.dropFirst().reduce(1, *) : 1
    func rounded(_ values: [Double]) -> [Double] {
      guard areProbabilities, width > 1 else {
        return values.map { DefencePolicy.rounded($0, digits: digits) }
      }
      var result: [Double] = []
      result.reserveCapacity(values.count)
      for first in stride(from: 0, to: values.count, by: width) {
        let row = Array(values[first..<min(first + width, values.count)])
        result += DefencePolicy.roundedProbabilities(row, digits: digits)
      }
      return result
    }
    let elements: Elements
    switch self.elements {
    case .float64(let values): elements = .float64(rounded(values))
    case .float32(let values): elements = .float32(rounded(values.map(Double.init)).map { Float($0) })
    case .bool, .int32, .int64, .string: return self
    }
    return Tensor(shape: shape, elements: elements) ?? self
  }
}
