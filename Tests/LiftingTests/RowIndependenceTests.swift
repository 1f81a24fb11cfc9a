import Domain
import Inference
import Lifting
import ModelGraph
import Testing

/// What is answered about a row does not depend on what else is asked about: requests may be answered together.
@Suite struct RowIndependenceTests {
  @Test(arguments: EquivalenceTests.models)
  func `a row is answered alone as it is among others, in every bit`(_ fixture: ModelFixture) throws {
    let graph = try fixture.liftedModel().graph
    let plan = ExecutionPlan(graph)
    guard !plan.usesEngine else { return }
    let rows = try fixture.rows(for: graph.signature)
    let methods = graph.signature.methods
    let together = try plan.run(methods, on: rows)
    for row in [0, 1, rows.rowCount / 2, rows.rowCount - 1] {
      let alone = try plan.run(methods, on: rows.row(row, of: graph.signature))
      for method in methods {
        for (one, all) in zip(try #require(alone[method]), try #require(together[method])) {
          let width = one.elements.count
          let expected = all.elements[(row * width)..<((row + 1) * width)]
          #expect(one.elements.bits == expected.bits, "\(method.rawValue), row \(row)")
        }
      }
    }
  }
}

extension Rows {
  fileprivate func row(_ row: Int, of signature: ModelSignature) -> Rows {
    guard signature.features.form != .unread else { return Rows(unread: 1) }
    let numbers = numbers.count / rowCount
    let texts = texts.count / rowCount
    return Rows(
      numbers: Array(self.numbers[(row * numbers)..<((row + 1) * numbers)]),
      texts: Array(self.texts[(row * texts)..<((row + 1) * texts)]), rowCount: 1, featureCount: featureCount)
  }
}

extension Tensor.Elements {
  /// The elements as text that differs where a bit does.
  fileprivate var bits: String {
    switch self {
    case .float32(let elements): "\(elements.map(\.bitPattern))"
    case .float64(let elements): "\(elements.map(\.bitPattern))"
    default: "\(self)"
    }
  }
}
