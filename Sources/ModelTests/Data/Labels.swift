import Domain
import Encoding
import Inference
import ModelGraph

/// The classes of a classifier, as labels are compared.
struct ClassLabels: Sendable {
  let names: [String]
  private let places: [String: Int]
  private let datatype: Datatype

  /// The classes of a model; nil for one that is no classifier.
  ///
  /// Throws `model-tests.several-targets` for a model of several targets.
  init?(of signature: ModelSignature) throws(Problem) {
    let ports = signature.outputs.first { $0.method == .predict }?.ports ?? []
    guard ports.count == 1, ports[0].shape.count == 1, signature.classes.count <= 1 else {
      throw Problem(
        .refused, "model-tests.several-targets",
        "expected a model that predicts one label or value a row, found another",
        hint: "leave out 'quality' and 'properties'")
    }
    guard let classes = signature.classes.first else { return nil }
    names = classes.elements.labels
    datatype = classes.elements.datatype
    places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
  }

  /// The place of a class among all.
  func place(of name: String) -> Int? { places[name] }

  /// The place of the class that a plan or a file spells, however it spells numbers.
  func place(spelled text: String, number: Double?) -> Int? {
    if datatype != .string, let number {
      if datatype == .bool { return places[number == 1 ? "true" : number == 0 ? "false" : ""] }
      return places[JSON.shortestText(of: number)]
    }
    return places[text]
  }
}

extension DataTable {
  /// The classes of a column of labels, as places.
  ///
  /// Throws `model-tests.label` for one that is none of the model's; it is not quoted, for it is a value of a row.
  func labels(in column: String, of classes: ClassLabels) throws(Problem) -> [Int] {
    let place = try place(of: column)
    var labels: [Int] = []
    labels.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      let field = field(row, place)
      guard !field.isMissing, let label = classes.place(spelled: field.text, number: field.number) else {
        throw Problem(
          .badInput, "model-tests.label",
          "expected a class of the model in the column '\(column.excerpt(80))', found"
            + (field.isMissing ? " nothing" : " another value"), subject: name,
          position: "row \(line(of: row))",
          hint: "the model's are \(classes.names.prefix(20).joined(separator: ", ").excerpt(200))")
      }
      labels.append(label)
    }
    return labels
  }

  /// The numbers of a column of true values; throws `model-tests.label` for what is none.
  func values(in column: String) throws(Problem) -> [Double] {
    let place = try place(of: column)
    var values: [Double] = []
    values.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      guard let number = field(row, place).number, number.isFinite else {
        throw Problem(
          .badInput, "model-tests.label",
          "expected a number in the column '\(column.excerpt(80))', found something else", subject: name,
          position: "row \(line(of: row))")
      }
      values.append(number)
    }
    return values
  }
}
