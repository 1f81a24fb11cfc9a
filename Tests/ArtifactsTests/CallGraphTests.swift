import Testing

@testable import Artifacts

@Suite struct CallGraphTests {
  @Test func `calls that multiply and calls in a circle are found, chains are not`() {
    var graph = CallGraph()
    for index in 0..<12 { _ = graph.function(index, named: "f\(index)") }
    for index in 0..<11 {
      graph.addOperation(to: index)
      graph.addCall(from: index, to: index + 1)
    }
    graph.addOperation(to: 11)
    #expect(graph.fault(limit: 1_000) == nil)
    for index in 0..<11 { for _ in 0..<9 { graph.addCall(from: index, to: index + 1) } }
    #expect(graph.fault(limit: 1_000)?.fault == .expansion)
    graph.addCall(from: 11, to: 3)
    #expect(graph.fault(limit: .max)?.fault == .circle)
  }
}
