public import ModelGraph

/// The columns whose values are never kept: those of the fields that a deployment has masked.
public struct ColumnMask: Sendable, Hashable {
  /// Nothing is masked.
  public static let none = ColumnMask([])

  private let names: Set<String>
  /// Whether a masked field is nothing that the model has: then there is no knowing which of its features it is.
  private let hidesFeatures: Bool

  /// Masks the columns of these names: of features, of predictions by their method, and with `predict_proba` the confidence.
  public init(_ names: some Sequence<String>) {
    self.names = Set(names)
    hidesFeatures = false
  }

  /// The same for a model of this signature: a name that is neither a feature nor a method of its masks all features.
  public init(_ names: some Sequence<String>, of signature: ModelSignature) {
    self.names = Set(names)
    var strangers = self.names.filter { PredictionMethod(rawValue: $0) == nil }
    for feature in 0..<signature.features.count { strangers.remove(signature.inputName(of: feature)) }
    hidesFeatures = !strangers.isEmpty
  }

  /// Whether no column is masked.
  public var isEmpty: Bool { names.isEmpty }

  /// Whether the values of a column are never kept.
  public func hides(_ column: ColumnShape) -> Bool { hides(column.name, column.role) }

  /// Whether the values of the column of this name and role are never kept.
  public func hides(_ name: String, _ role: ColumnShape.Role) -> Bool {
    guard !names.isEmpty else { return false }
    if names.contains(name) { return true }
    switch role {
    case .feature: return hidesFeatures
    case .prediction:
      // Of several columns of one method each has its number behind it.
      let method = String(name.prefix { $0 != "[" })
      // What a transformer gives is what it was given in another form.
      return names.contains(method) || method == PredictionMethod.transform.rawValue
    case .confidence: return names.contains(PredictionMethod.predictProbabilities.rawValue)
    }
  }
}
