import Domain
import Encoding
import ModelGraph
import Testing

@testable import Inference

@Suite struct SelfCheckTests {
  private static func line(_ coefficients: [Double], then map: MapElements? = nil) throws -> ValidatedGraph {
    let linear = Linear(
      coefficients: try #require(ConstantMatrix(coefficients, rows: 1, columns: coefficients.count)),
      intercepts: [0.25])
    let operators: [any Operator] = [linear] + (map.map { [$0] } ?? [])
    return try ValidatedGraph(SampleModels.chain(operators, columns: coefficients.count, outputs: 1))
  }

  private static func problem(_ check: SelfCheck, _ graph: ValidatedGraph) -> Problem? {
    do throws(Problem) {
      try check.check(ExecutionPlan(graph))
      return nil
    } catch { return error }
  }

  @Test func `another model by one last bit is told from it`() throws {
    let check = SelfCheck(of: try Self.line([1, 3]))
    let (same, other) = (try Self.line([1, 3]), try Self.line([1, 3.nextUp]))
    #expect(Self.problem(check, same) == nil)
    let problem = Self.problem(check, other)
    #expect(problem?.code == "bundle.self-check")
    #expect(problem?.category == .integrity)
    #expect(
      problem?.message.hasPrefix(
        "expected what was answered when the bundle was made, found another answer of 'predict' to row ")
        == true)
  }

  @Test func `what comes of an elementary function may be off by last bits and no more`() throws {
    let map = MapElements(.tanh)
    let check = SelfCheck(of: try Self.line([1, 3], then: map))
    #expect(check.cases.flatMap(\.answers.values).flatMap(\.self).allSatisfy { !$0.isExact })
    let (near, far) = (try Self.line([1, 3.nextUp], then: map), try Self.line([1, 3.001], then: map))
    #expect(Self.problem(check, near) == nil)
    #expect(Self.problem(check, far)?.code == "bundle.self-check")
  }

  @Test func `a model that has other methods, features or shapes is told from it`() throws {
    let check = SelfCheck(of: try Self.line([1, 3]))
    let wider = try Self.line([1, 3, 5])
    #expect(Self.problem(check, wider)?.code == "bundle.self-check")
    let choice = try ValidatedGraph(SampleModels.choice([ArgMax()], columns: 2))
    #expect(Self.problem(check, choice)?.code == "bundle.self-check")
  }

  @Test func `missing, infinite and negative zero come back from the file`() throws {
    let graph = try ValidatedGraph(SampleModels.chain([MapElements(.reciprocal)], columns: 2))
    let bytes = SelfCheck(of: graph).canonicalBytes
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(#""Infinity""#) && text.contains(#""NaN""#))
    #expect(try SelfCheck(parsing: bytes).canonicalBytes == bytes)
    let negative = try ValidatedGraph(SampleModels.chain([MapElements(.negative)], columns: 1))
    let zero = SelfCheck(of: negative).canonicalBytes
    #expect(String(decoding: zero, as: UTF8.self).contains(#"["-0"]"#))
    let absolute = try ValidatedGraph(SampleModels.chain([MapElements(.absolute)], columns: 1))
    let check = try SelfCheck(parsing: zero)
    #expect(Self.problem(check, absolute)?.code == "bundle.self-check")
  }

  @Test(arguments: [
    "", "{}", "[]", #"{"cases":[],"format":"gatehouse-self-check-2"}"#,
    #"{"cases":[{}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{},"numbers":[1],"texts":[]}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{"fly":[]},"numbers":[1],"texts":[]}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{"predict":[1]},"numbers":[1],"texts":[]}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{"predict":[]},"numbers":["one"],"texts":[]}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{"predict":[]},"numbers":[],"texts":[1]}],"format":"gatehouse-self-check-1"}"#,
    #"{"cases":[{"answers":{"predict":[{"count":0,"datatype":"FP64","elements":[1],"exact":true}]},"numbers":[],"texts":[]}],"format":"gatehouse-self-check-1"}"#,
  ])
  func `another form is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try SelfCheck(parsing: Array(text.utf8)) }
    #expect(problem?.code == "self-check.malformed")
    #expect(problem?.category == .integrity)
  }

  @Test func `a model that takes none of the rows must still run or refuse a row of zeros`() throws {
    let check = SelfCheck(cases: [])
    let line = try Self.line([1, 3])
    #expect(Self.problem(check, line) == nil)
    let graph = try ValidatedGraph(
      SampleModels.chain([CheckFinite(allowsNaN: false), MapElements(.log)], columns: 3))
    #expect(Self.problem(check, graph) == nil)
  }
}
