import Domain
import ModelGraph
import TestKit
import Testing

@testable import Monitoring

@Suite struct CallerFindingTests {
  private func window(_ callers: [CallerFinding], noted: Int = 0) throws -> WatchedWindow {
    let shape = ModelShape(columns: [ColumnShape(name: "x", kind: .number(NumberShape()))])
    var losses = WatchedWindow.Losses()
    losses.notedRows = noted
    return WatchedWindow(
      reference: VersionReference(name: try ModelName(parsing: "fraud"), version: .first),
      bundle: try Digest(parsing: "sha256:" + String(repeating: "0", count: 64)),
      window: EventWindow(
        start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 60_000),
        profile: ModelProfile(shape: shape)), losses: losses, callers: callers)
  }

  private func finding(_ caller: String = "k-1") throws -> CallerFinding {
    CallerFinding(try #require(try Customers.alarm()), about: caller, at: Timestamp(milliseconds: 30_000))
  }

  @Test func `what is found of callers is read as it is written, and a window without it is as ever`() throws
  {
    let found = try window([try finding()], noted: 3)
    #expect(try WatchedWindow(bytes: found.bytes) == found)
    #expect(found.bytes.starts(with: Array("gatehouse window 2\n".utf8)))
    for length in stride(from: 0, to: found.bytes.count, by: 7) {
      #expect(throws: Problem.self) { try WatchedWindow(bytes: Array(found.bytes.prefix(length))) }
    }
    let plain = try window([])
    #expect(plain.bytes.starts(with: Array("gatehouse window 1\n".utf8)))
    // There is one spelling: the second form of what has nothing to tell is none.
    var second = plain.bytes
    second[17] = UInt8(ascii: "2")
    second += [UInt8](repeating: 0, count: 4 * 8 + 1)
    #expect(throws: Problem.self) { try WatchedWindow(bytes: second) }
  }

  @Test func `a window tells of so many callers, and a long name is cut`() throws {
    let one = try finding(String(repeating: "é", count: 200))
    #expect(one.caller.utf8.count == 256)
    let many = try window(Array(repeating: one, count: 40))
    #expect(many.callers.count == CallerFinding.windowLimit)
    #expect(try WatchedWindow(bytes: many.bytes) == many)
  }

  @Test func `a finding says who it is and what was seen, with no row`() throws {
    let found = try finding()
    #expect(found.message.hasPrefix("caller 'k-1': extraction of the model? "))
    #expect(found.share > found.tolerated && found.eValue >= found.threshold)
  }

  @Test func `what honest callers ask goes along with a reference, which is read as it is written`() throws {
    var draws = Draws(seed: 2)
    let columns = Customers.columns(Customers.rows(300, &draws))
    var reference = try Reference(training: columns)
    let plain = reference.bytes
    reference.callers = try CallerBaseline(training: columns)
    #expect(try Reference(bytes: reference.bytes) == reference)
    #expect(try Reference(bytes: plain).callers == nil)
    // That of another model's rows is refused.
    reference.callers = try CallerBaseline(training: Array(columns.dropLast()))
    #expect { try Reference(bytes: reference.bytes) } throws: {
      ($0 as? Problem)?.code == "monitoring.malformed"
    }
  }
}

@Suite struct BluntedAnswerTests {
  private static let signature = ModelSignature(
    features: FeatureList(count: 1),
    outputs: [
      .init(.predict, .float64, shape: [-1]), .init(.predictProbabilities, .float64, shape: [-1, 3]),
    ], classes: [Tensor(vector: .float64([0.125, 0.25, 0.5]))])

  @Test func `probabilities are rounded and add up to one, and a label that is a number is none to round`()
    throws
  {
    let digits = DefencePolicy.Disclosure.digits(2)
    let label = Tensor(vector: .float64([0.125]))
    #expect(digits.blunted([label], of: .predict, by: Self.signature) == [label])
    let said = try #require(
      Tensor(shape: [2, 3], elements: .float64([0.333, 0.333, 0.334, 0.005, 0.99, 0.005])))
    let blunted = digits.blunted([said], of: .predictProbabilities, by: Self.signature)
    guard case .float64(let values)? = blunted.first?.elements else { return #expect(Bool(false)) }
    #expect(blunted[0].shape == [2, 3])
    #expect(values == [0.33, 0.33, 0.34, 0.01, 0.99, 0] || values == [0.33, 0.33, 0.34, 0, 0.99, 0.01])
  }

  @Test func `numbers of single precision are rounded as numbers, and whole ones stay`() {
    let plain = ModelSignature(
      features: FeatureList(count: 1), outputs: [.init(.predict, .float32, shape: [-1])], classes: [])
    let digits = DefencePolicy.Disclosure.digits(1)
    #expect(
      digits.blunted([Tensor(vector: .float32([1.26, -0.04]))], of: .predict, by: plain)
        == [Tensor(vector: .float32([1.3, 0]))])
    #expect(
      digits.blunted([Tensor(vector: .int64([12]))], of: .predict, by: plain)
        == [Tensor(vector: .int64([12]))])
  }

  @Test func `of a model that gives labels alone its principal method is answered`() {
    #expect(DefencePolicy.Disclosure.labels.answered(of: Self.signature) == [.predict])
    #expect(
      DefencePolicy.Disclosure.digits(3).answered(of: Self.signature) == [.predict, .predictProbabilities])
  }

  @Test func `rows that break a rule are counted without a word about them`() throws {
    let reference = try Reference(training: [
      TrainingColumn(name: "x", values: .numbers((0..<100).map { Double($0) })),
      TrainingColumn(name: "c", values: .texts((0..<100).map { ["a", "b"][$0 % 2] })),
    ])
    let rules = DefencePolicy.InputRules(tolerance: 0, categories: true, missing: true)
    let guarded = InputGuard(reference.shape, rules: rules)
    let numbers: [Double] = [5, 9_999, .nan, 7, .infinity]
    #expect(try guarded.unlikeRows(rows: 5, numbers: numbers.span, texts: ["a", "a", "b", "z", "a"]) == 4)
    #expect(throws: Problem.self) { try guarded.unlikeRows(rows: 2, numbers: numbers.span, texts: []) }
  }
}
