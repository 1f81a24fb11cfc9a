import Domain
import ModelGraph

// What stands before and behind trees.

extension CategoryBytes: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    let whole = graph.truncated(x)
    let fits = graph.apply(
      "LessOrEqual", [graph.size(graph.sum(whole, graph.number(0.5))), graph.number(2_147_483_647.5)])
    let turns = graph.apply("Floor", [graph.quotient(whole, graph.number(256))])
    let rest = graph.difference(whole, graph.product(turns, graph.number(256)))
    var byte = graph.choice(fits, rest, graph.number(0))
    var isMissing = graph.isMissing(x)
    if negativesAreMissing {
      isMissing = graph.apply("Or", [isMissing, graph.apply("Less", [x, graph.number(0)])])
    }
    byte = graph.choice(isMissing, graph.number(.nan), byte)
    var isCategory = [Bool](repeating: false, count: operands[0].columns)
    for column in columns { isCategory[Int(column)] = true }
    return graph.choice(graph.constant(ONNXConstant(.booleans(isCategory))), byte, x)
  }
}

extension LinearLeaves: ONNXExportable {
  /// How many terms a leaf may have: each has nodes of its own.
  private static let termLimit = 4096

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let starts = termStarts.map { Int($0) }
    let most = zip(starts, starts.dropFirst()).map { $1 - $0 }.max() ?? 0
    guard most <= Self.termLimit else {
      throw inexpressible("\(most) terms in a leaf, more than \(Self.termLimit)")
    }
    let rows = operands[0].name
    let number = graph.cast(operands[1].name, to: .int64)
    let leaf = graph.sum(number, graph.constant(ONNXConstant(.integers(Array(leafStarts.dropLast())))))
    var sum = graph.elements(graph.numbers(constants), at: leaf)
    var isMissing: String?
    for term in 0..<most {
      // Leaves of fewer terms go without this one.
      let places = constants.indices.map { starts[$0] + term < starts[$0 + 1] ? starts[$0] + term : nil }
      let column = graph.integers(places.map { place in place.map { Int(features[$0]) } ?? 0 })
      let factor = graph.numbers(places.map { place in place.map { coefficients[$0] } ?? 0 })
      let exists = graph.constant(ONNXConstant(.booleans(places.map { $0 != nil })))
      let element = graph.rowElements(rows, at: graph.elements(column, at: leaf))
      let isThere = graph.elements(exists, at: leaf)
      let product = graph.product(graph.elements(factor, at: leaf), element)
      sum = graph.choice(isThere, graph.sum(sum, product), sum)
      let isNone = graph.apply("And", [isThere, graph.isMissing(element)])
      isMissing = isMissing.map { graph.apply("Or", [$0, isNone]) } ?? isNone
    }
    var answer = sum
    if let isMissing {
      answer = graph.choice(isMissing, graph.elements(graph.numbers(values), at: leaf), sum)
    }
    // Trees add to their outputs one after another.
    var parts: [String] = []
    for output in 0..<outputs {
      let own = targets.indices.filter { targets[$0] == Int64(output) }
      guard !own.isEmpty else {
        parts.append(graph.rows(of: .doubles([0]), like: rows))
        continue
      }
      parts.append(graph.orderedSum(graph.columns(answer, own), count: own.count))
    }
    return graph.sideBySide(parts)
  }
}
