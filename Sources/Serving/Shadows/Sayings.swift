import ModelGraph

/// What a model says by one method, row by row, in a form that two versions can be compared in.
struct Sayings {
  private let signature: ModelSignature
  private let method: PredictionMethod
  private let tensors: [Tensor]
  private let rowCount: Int

  init(_ signature: ModelSignature, _ method: PredictionMethod, _ tensors: [Tensor], of rowCount: Int) {
    self.signature = signature
    self.method = method
    self.tensors = tensors
    self.rowCount = rowCount
  }

  /// One thing that is said of a row.
  private enum Saying {
    /// The label of a class, or another text.
    case label(String)
    case number(Double)
  }

  /// Whether both say the same of a row: the same classes, or numbers no further from each other than `tolerance` of the
  /// larger one.
  ///
  /// Of probabilities and distances of a classifier what counts is the class that they speak for: versions that are
  /// calibrated differently say the same.
  func agree(with other: Sayings, at row: Int, within tolerance: Double) -> Bool {
    guard tensors.count == other.tensors.count else { return false }
    for target in tensors.indices {
      let (own, others) = (sayings(target, at: row), other.sayings(target, at: row))
      guard own.count == others.count else { return false }
      for (one, another) in zip(own, others) where !Self.isSame(one, another, tolerance) { return false }
    }
    return true
  }

  private static func isSame(_ one: Saying, _ another: Saying, _ tolerance: Double) -> Bool {
    switch (one, another) {
    case (.label(let one), .label(let another)): one == another
    case (.number(let one), .number(let another)):
      one == another || (one.isNaN && another.isNaN)
        || abs(one - another) <= tolerance * max(abs(one), abs(another))
    default: false
    }
  }

  private func sayings(_ target: Int, at row: Int) -> [Saying] {
    let tensor = tensors[target]
    guard rowCount > 0, tensor.elements.count % rowCount == 0 else { return [] }
    let width = tensor.elements.count / rowCount
    let range = (row * width)..<((row + 1) * width)
    let values = tensor.elements[range]
    guard let labels = labels(of: target) else { return Self.plain(values, isLabel: false) }
    switch method {
    case .predictProbabilities where width == labels.count:
      return [.label(labels[Self.greatest(Self.numbers(values))])]
    case .decisionFunction where width == labels.count:
      return [.label(labels[Self.greatest(Self.numbers(values))])]
    case .decisionFunction where width == 1 && labels.count == 2:
      return [.label(labels[(Self.numbers(values).first ?? 0) > 0 ? 1 : 0])]
    case .predict: return Self.plain(values, isLabel: true)
    case .predictProbabilities, .decisionFunction, .transform: return Self.plain(values, isLabel: false)
    }
  }

  /// The labels of a classifier's target; nil where it is none.
  private func labels(of target: Int) -> [String]? {
    guard !signature.classes.isEmpty else { return nil }
    let place = signature.classes.count == tensors.count ? target : 0
    return Self.plain(signature.classes[place].elements, isLabel: true).map { saying in
      guard case .label(let text) = saying else { return "" }
      return text
    }
  }

  private static func plain(_ values: Tensor.Elements, isLabel: Bool) -> [Saying] {
    if case .string(let texts) = values { return texts.map { .label($0) } }
    // A label that is a number is the same in whatever type it is written.
    return numbers(values).map { isLabel ? .label("\($0)") : .number($0) }
  }

  private static func numbers(_ values: Tensor.Elements) -> [Double] {
    switch values {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .int32(let elements): elements.map { Double($0) }
    case .int64(let elements): elements.map { Double($0) }
    case .float32(let elements): elements.map { Double($0) }
    case .float64(let elements): elements
    case .string: []
    }
  }

  /// The place of the greatest number, the first of equals.
  private static func greatest(_ numbers: [Double]) -> Int {
    numbers.indices.max { (numbers[$0], -$0) < (numbers[$1], -$1) } ?? 0
  }
}
