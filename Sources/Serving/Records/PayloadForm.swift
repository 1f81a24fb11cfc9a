import Domain
import Encoding
import Inference
import ModelGraph

/// How the rows and answers of one request are written into its record.
///
/// They are written from what the model was given and gave, feature by feature, whatever form the body had: so a field
/// is masked in every form alike, and nothing else of a body, which nobody has looked at, comes into a record.
struct PayloadForm: Sendable {
  /// Rows that would make a payload longer than so many bytes are left out.
  static let mostBytes = 16 << 10

  private let signature: ModelSignature
  private let maskedFeatures: Set<Int>
  private let maskedMethods: Set<PredictionMethod>
  private let masksInput: Bool
  /// Whether a masked field is nothing that the model has: then there is no knowing what it would have been.
  private let hasStranger: Bool

  init(_ policy: RecordsPolicy, for model: ServedModel) {
    let signature = model.signature
    self.signature = signature
    var features: Set<Int> = []
    var methods: Set<PredictionMethod> = []
    var hasStranger = false
    let isByRows = signature.features.form == .rows
    let masked = Set(policy.masked)
    if isByRows, !masked.isEmpty {
      for feature in 0..<signature.featureCount where masked.contains(signature.inputName(of: feature)) {
        features.insert(feature)
      }
    }
    let names = Set(features.map(signature.inputName(of:)))
    for name in policy.masked where !names.contains(name) {
      if let method = PredictionMethod(rawValue: name) {
        methods.insert(method)
      } else if isByRows {
        hasStranger = true
      }
    }
    // What a transformer gives is what it was given in another form.
    if !masked.isEmpty { methods.insert(.transform) }
    self.maskedFeatures = features
    self.maskedMethods = methods
    self.hasStranger = hasStranger
    // A text or a mapping has its fields inside.
    self.masksInput = !isByRows && !masked.isEmpty
  }

  /// The payload as canonical JSON.
  func text(_ rows: Rows, _ answers: [PredictionMethod: [Tensor]]) -> String {
    guard !hasStranger else {
      return JSON.object(["left_out": "a masked field is no feature of this version"]).canonicalText
    }
    var written: [JSON] = []
    var room = Self.mostBytes
    let widths = signature.features
    // A row of so many features is longer than the room, whatever they are.
    if 2 * widths.count <= Self.mostBytes {
      for row in 0..<rows.rowCount {
        let json: JSON = [
          "input": input(row, of: rows), "output": .object(output(row, of: answers, rows.rowCount)),
        ]
        room -= json.canonicalBytes.count + 1
        guard room >= 0 else { break }
        written.append(json)
      }
    }
    var members: [String: JSON] = ["rows": .array(written)]
    if written.count < rows.rowCount { members["left_out"] = JSON(rows.rowCount - written.count) }
    return JSON.object(members).canonicalText
  }

  private static let mask: JSON = ["masked": true]

  private func input(_ row: Int, of rows: Rows) -> JSON {
    guard !masksInput else { return Self.mask }
    let features = signature.features
    var number = row * features.numberCount
    var text = row * features.texts.count
    return .array(
      features.kinds.enumerated().map { feature, kind in
        let value: JSON
        switch kind {
        case .number:
          value = rows.numbers.indices.contains(number) ? .number(rows.numbers[number]) : .null
          number += 1
        case .text:
          value = rows.texts.indices.contains(text) ? rows.texts[text].map { .string($0) } ?? .null : .null
          text += 1
        case .ignored: value = .null
        }
        return maskedFeatures.contains(feature) ? Self.mask : value
      })
  }

  private func output(_ row: Int, of answers: [PredictionMethod: [Tensor]], _ rowCount: Int) -> [String: JSON]
  {
    var members: [String: JSON] = [:]
    for (method, tensors) in answers {
      guard !maskedMethods.contains(method) else {
        members[method.rawValue] = Self.mask
        continue
      }
      members[method.rawValue] = .array(
        tensors.map { tensor in
          let length = tensor.elements.count / max(1, rowCount)
          return .array(tensor.elements.json((row * length)..<((row + 1) * length)))
        })
    }
    return members
  }
}

extension Tensor.Elements {
  fileprivate func json(_ range: Range<Int>) -> [JSON] {
    switch self {
    case .bool(let elements): elements[range].map { .bool($0) }
    case .int32(let elements): elements[range].map { .integer(Int64($0)) }
    case .int64(let elements): elements[range].map { .integer($0) }
    case .float32(let elements): elements[range].map { .number(Double($0)) }
    case .float64(let elements): elements[range].map { .number($0) }
    case .string(let elements): elements[range].map { .string($0) }
    }
  }
}
