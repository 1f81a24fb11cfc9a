import Domain
import ModelGraph

// Encodings of categories. What is refused here becomes NaN there.

extension EncodeTexts: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.encoded(operands[0].name, keys: .texts(keys), numbers, other: other ?? .nan)
  }
}

extension EncodeNumbers: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.encoded(operands[0].name, keys: .doubles(keys), numbers, other: other ?? .nan)
  }
}

extension LookupTexts: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    // A runtime has no missing texts, so what becomes of them is left out.
    var parts: [String] = []
    for column in 0..<operands[0].columns {
      let range = table.range(of: column)
      let own = graph.apply("Gather", [operands[0].name, graph.integers([column])], [("axis", .integer(1))])
      let other = table.takesUnknown[column] ? table.unknown[column] : .nan
      parts.append(
        graph.encoded(own, keys: .texts(Array(categories[range])), Array(table.values[range]), other: other))
    }
    return graph.sideBySide(parts)
  }
}

extension LookupNumbers: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var parts: [String] = []
    for column in 0..<operands[0].columns {
      let range = table.range(of: column)
      let own = graph.apply("Gather", [operands[0].name, graph.integers([column])], [("axis", .integer(1))])
      let other = table.takesUnknown[column] ? table.unknown[column] : .nan
      let missing = table.takesMissing[column] ? [table.missing[column]] : []
      parts.append(
        graph.encoded(
          own, keys: .doubles(Array(categories[range]) + (missing.isEmpty ? [] : [.nan])),
          Array(table.values[range]) + missing, other: other))
    }
    return graph.sideBySide(parts)
  }
}

extension OneHot: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let columns = sizes.indices.flatMap { [Int](repeating: $0, count: Int(sizes[$0])) }
    let places = sizes.flatMap { (0..<Int($0)).map { Double($0) } }
    let copies = graph.apply("Gather", [operands[0].name, graph.integers(columns)], [("axis", .integer(1))])
    return graph.cast(graph.apply("Equal", [copies, graph.numbers(places)]), to: .double)
  }
}

extension Reindex: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply("Gather", [graph.constant(ONNXConstant(.integers(indices))), operands[0].name])
  }
}

extension ONNXGraphWriter {
  /// The number of each key; another for what is none.
  fileprivate mutating func encoded(
    _ value: String, keys: ONNXElements, _ numbers: [Double], other: Double
  ) -> String {
    apply(
      "LabelEncoder", [value],
      [
        ("keys_tensor", .tensor(ONNXConstant(keys))),
        ("values_tensor", .tensor(ONNXConstant(.doubles(numbers)))),
        ("default_tensor", .tensor(ONNXConstant(.doubles([other])))),
      ], domain: "ai.onnx.ml")
  }
}
