public import Domain
import Encoding
public import ModelGraph

/// The columns of a model that are watched, and how its rows and answers become rows of theirs.
///
/// They are the features that it reads, where its rows have features, then what it predicts, then the highest probability of
/// that. Numbers stand before each other in the order of `Inference.Rows`, texts likewise, so that nothing is looked up for a
/// value.
public struct WatchedColumns: Sendable {
  /// Of a prediction of more columns none is watched.
  public static let predictionLimit = 16

  /// How the principal method's answer becomes columns.
  enum Answer: Sendable, Equatable {
    /// A number for each of so many columns.
    case numbers(Int)
    /// A label.
    case label
    case unwatched
  }

  /// The features that are numbers, of each row as many.
  public let numberFeatures: Int
  /// The features that are texts, of each row as many.
  public let textFeatures: Int
  let answer: Answer
  let method: PredictionMethod?
  let hasConfidence: Bool
  /// The labels of a classifier in the order of its probabilities.
  private let labels: [String]
  /// The labels that are known of what it predicts.
  private let predictedLabels: CategoryShape
  /// The columns without anything that training showed of them; labels are known from the signature.
  private let columns: [ColumnShape]

  /// The columns of a model of this signature.
  ///
  /// Of a model that has no rows of features, or more of them than are watched, it is what it predicts alone.
  public init(_ signature: ModelSignature) {
    var columns: [ColumnShape] = []
    var (numbers, texts) = (0, 0)
    let features = signature.features
    if features.form == .rows, features.count + Self.predictionLimit < ModelShape.columnLimit {
      for (index, kind) in features.kinds.enumerated() {
        let name = Self.bounded(signature.inputName(of: index))
        switch kind {
        case .number:
          numbers += 1
          columns.append(ColumnShape(name: name, kind: .number(NumberShape())))
        case .text:
          texts += 1
          columns.append(ColumnShape(name: name, kind: .category(CategoryShape(labels: []))))
        case .ignored: break
        }
      }
    }
    (numberFeatures, textFeatures) = (numbers, texts)
    let principal = signature.outputs.first
    method = principal?.method
    let (answer, predicted) = Self.prediction(principal, classes: signature.classes)
    self.answer = answer
    labels = answer == .label && signature.classes.count == 1 ? signature.classes[0].elements.labels : []
    columns += predicted
    if case .category(let shape)? = predicted.first?.kind {
      predictedLabels = shape
    } else {
      predictedLabels = CategoryShape(labels: [])
    }
    hasConfidence = signature.outputs.contains {
      $0.method == .predictProbabilities && $0.ports.count == 1 && $0.ports[0].datatype != .string
    }
    if hasConfidence {
      columns.append(ColumnShape(name: "confidence", role: .confidence, kind: .number(NumberShape())))
    }
    self.columns = columns
  }

  private static func prediction(
    _ output: ModelSignature.Output?, classes: [Tensor]
  ) -> (Answer, [ColumnShape]) {
    guard let output, output.ports.count == 1, let port = output.ports.first else { return (.unwatched, []) }
    let width = port.shape.count == 1 ? 1 : port.shape.count == 2 ? port.shape[1] : 0
    let isClassifier = classes.count == 1 && output.method == .predict
    if isClassifier || port.datatype == .string || port.datatype == .bool {
      guard width == 1 else { return (.unwatched, []) }
      let labels =
        isClassifier ? classes[0].elements.labels : port.datatype == .bool ? ["false", "true"] : []
      let shape = CategoryShape(labels: labels)
      return (.label, [ColumnShape(name: port.name, role: .prediction, kind: .category(shape))])
    }
    guard 1...predictionLimit ~= width else { return (.unwatched, []) }
    let names = width == 1 ? [port.name] : (0..<width).map { "\(port.name)[\($0)]" }
    return (
      .numbers(width),
      names.map { ColumnShape(name: $0, role: .prediction, kind: .number(NumberShape())) }
    )
  }

  /// The first 1,024 bytes of a name: what a shape has room for.
  private static func bounded(_ name: String) -> String {
    name.utf8.count <= 1024 ? name : String(decoding: name.utf8.prefix(1000), as: UTF8.self)
  }

  /// What is kept of a version of which no training data are known.
  public var shape: ModelShape { ModelShape(columns: columns) }

  /// How many columns of numbers there are, of features and of what came out.
  public var numberColumns: Int {
    var count = numberFeatures + (hasConfidence ? 1 : 0)
    if case .numbers(let width) = answer { count += width }
    return count
  }

  /// How many columns of texts there are.
  public var textColumns: Int { textFeatures + (answer == .label ? 1 : 0) }

  /// How many values of a row are looked at, beside its probabilities.
  public var rowWidth: Int { numberColumns + textColumns }

  /// The place of a label among those that are known.
  func place(ofLabel label: String) -> Int? { predictedLabels.place(of: label) }

  /// The label that a probability is of.
  func label(_ place: Int) -> String? { labels.indices.contains(place) ? labels[place] : nil }

  /// Throws `reference.unlike-model` where a reference is not one of these columns: as many, each of the same name, the same role
  /// and of numbers or texts as here.
  public func check(_ reference: Reference) throws(Problem) {
    let found = reference.shape.columns
    for (place, column) in columns.enumerated() {
      guard place < found.count else {
        throw Self.unlike("column \(place + 1) to be \(column.text)", found: "\(found.count) columns")
      }
      guard column.isSameColumn(as: found[place]) else {
        throw Self.unlike("column \(place + 1) to be \(column.text)", found: found[place].text)
      }
    }
    guard found.count == columns.count else {
      throw Self.unlike(
        "\(columns.count) columns",
        found: "\(found.count), the first further one \(found[columns.count].text)")
    }
  }

  private static func unlike(_ expected: String, found: String) -> Problem {
    Problem(
      .badInput, "reference.unlike-model", "expected \(expected) as in the model's signature, found \(found)",
      hint: "make the reference of the data that this very model was trained with")
  }
}

extension ColumnShape {
  fileprivate func isSameColumn(as other: ColumnShape) -> Bool {
    guard name == other.name, role == other.role else { return false }
    switch (kind, other.kind) {
    case (.number, .number), (.category, .category): return true
    default: return false
    }
  }

  /// The column in words: `the feature 'age', a number`.
  fileprivate var text: String {
    if case .category = kind { return "the \(role.text) '\(name.excerpt(60))', a text" }
    return "the \(role.text) '\(name.excerpt(60))', a number"
  }
}

extension Tensor.Elements {
  /// The elements as labels, as they are told of.
  var labels: [String] { (0..<count).map(label) }

  /// One element as a label.
  func label(_ place: Int) -> String {
    switch self {
    case .bool(let elements): elements[place] ? "true" : "false"
    case .int32(let elements): String(elements[place])
    case .int64(let elements): String(elements[place])
    case .float32(let elements): "\(elements[place])"
    case .float64(let elements): "\(elements[place])"
    case .string(let elements): elements[place]
    }
  }

  /// One element as a number; NaN for a text.
  func number(_ place: Int) -> Double {
    switch self {
    case .bool(let elements): elements[place] ? 1 : 0
    case .int32(let elements): Double(elements[place])
    case .int64(let elements): Double(elements[place])
    case .float32(let elements): Double(elements[place])
    case .float64(let elements): elements[place]
    case .string: .nan
    }
  }
}
