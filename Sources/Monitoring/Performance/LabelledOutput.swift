public import Encoding
public import ModelGraph

/// What of a model's answers labels can be held against: one class of several, or one number.
public struct LabelledOutput: Sendable {
  /// How many classes there are; 0 where it is a number.
  public let classes: Int
  private var places: [String: Int] = [:]
  private var values: [Double: Int] = [:]

  /// The output of a model with this signature; nil where it is neither one class nor one number.
  public init?(_ signature: ModelSignature) {
    guard let output = signature.outputs.first, output.method == .predict, output.ports.count == 1,
      let port = output.ports.first, port.shape.count == 1 || port.shape.count == 2 && port.shape[1] == 1
    else { return nil }
    if signature.classes.isEmpty {
      guard port.datatype != .string, port.datatype != .bool else { return nil }
      classes = 0
      return
    }
    guard signature.classes.count == 1, let elements = signature.classes.first?.elements,
      2...SaidRows.classLimit ~= elements.count
    else { return nil }
    classes = elements.count
    for place in 0..<elements.count {
      // Of two classes of one name the first is meant, as where answers are read.
      let label = elements.label(place)
      if places[label] == nil { places[label] = place }
      let value = elements.number(place)
      if !value.isNaN, values[value] == nil { values[value] = place }
    }
  }

  /// What was said of rows; nil where none of it can be held against a label.
  ///
  /// `answers` is as the model gave it. Without `showsScores` it is the classes alone.
  public func said(
    _ answers: [PredictionMethod: [Tensor]], rows: Int, showsScores: Bool = true
  ) -> SaidRows? {
    guard rows > 0 else { return nil }
    let predicted = answers[.predict]?.first?.elements
    let kept = min(rows, SaidRows.rowLimit)
    let said: [KeptPrediction?]
    if classes == 0 {
      guard let predicted, predicted.count == rows else { return nil }
      said = (0..<kept).map { row in
        let value = predicted.number(row)
        return value.isFinite ? .number(value) : nil
      }
    } else {
      let probabilities = showsScores ? answers[.predictProbabilities]?.first?.elements : nil
      let scores = probabilities.flatMap { $0.count == rows * classes ? $0 : nil }
      guard predicted?.count == rows || scores != nil else { return nil }
      said = (0..<kept).map { row in
        let place = predicted.map { places[$0.label(row)] } ?? scores.flatMap { likeliest(row, of: $0) }
        return place.map { prediction($0, row, scores) }
      }
    }
    return SaidRows(classes: classes, rows: said, leftOut: rows - kept)
  }

  /// Whoever asks for probabilities alone means the class of the largest.
  private func likeliest(_ row: Int, of scores: Tensor.Elements) -> Int? {
    var (best, place): (Double, Int?) = (-.infinity, nil)
    for candidate in 0..<classes {
      let score = scores.number(row * classes + candidate)
      if score > best { (best, place) = (score, candidate) }
    }
    return place
  }

  private func prediction(_ place: Int, _ row: Int, _ scores: Tensor.Elements?) -> KeptPrediction {
    let score = scores.map { $0.number(row * classes + (classes == 2 ? 1 : place)) }.flatMap {
      0...1 ~= $0 ? $0 : nil
    }
    return classes == 2 ? .binary(place, probability: score) : .classes(place, confidence: score)
  }

  /// The truth that a label states, in JSON or as a text as files of values have it; nil where the output has no place for it.
  public func truth(_ label: JSON) -> TruthLabel? {
    let number = label.string.flatMap { Double($0) } ?? label.double
    guard classes > 0 else { return number.flatMap { $0.isFinite ? .number($0) : nil } }
    switch label {
    case .string(let text):
      if let place = places[text] ?? places[text.lowercased()] { return .classes(place) }
    case .integer(let value): if let place = places["\(value)"] { return .classes(place) }
    case .bool(let isSo): return (places["\(isSo)"] ?? values[isSo ? 1 : 0]).map { .classes($0) }
    default: break
    }
    return number.flatMap { values[$0] }.map { .classes($0) }
  }
}
