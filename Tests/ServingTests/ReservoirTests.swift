import Domain
import Inference
import ModelGraph
import TestKit
import Testing

@testable import Serving

/// The sample of requests that a version keeps in memory.
struct ReservoirTests {
  private static func offer(_ values: [Double], to reservoir: Reservoir, _ model: ServedModel) throws {
    let rows = Rows(values: values, rowCount: values.count / 2, featureCount: 2)
    reservoir.offer(rows, try model.plan.run([.predict], on: rows, isCancelled: { false }), of: model)
  }

  @Test func `every request is as likely to be kept, wherever it comes in the stream`() throws {
    let model = try TestModels.line()
    let tensors: [PredictionMethod: [Tensor]] = [:]
    var firsts = [Int](repeating: 0, count: 10)
    for seed in 0..<100 {
      let reservoir = Reservoir(seed: UInt64(seed))
      for number in 0..<2000 {
        reservoir.offer(Rows(values: [Double(number), 0], rowCount: 1, featureCount: 2), tensors, of: model)
      }
      let kept = reservoir.kept
      #expect(kept.count == 64)
      #expect(Set(kept.map { $0.rows.numbers[0] }).count == 64)
      for one in kept { firsts[Int(one.rows.numbers[0]) / 200] += 1 }
    }
    // Of 6,400 in ten parts 640 each; the standard deviation is 24.
    #expect(firsts.allSatisfy { abs($0 - 640) < 120 }, "\(firsts)")
  }

  @Test func `of a long request its first rows are kept, and no answer of the whole`() throws {
    let model = try TestModels.line()
    let reservoir = Reservoir(seed: 1)
    try Self.offer((0..<2000).map(Double.init), to: reservoir, model)
    let kept = try #require(reservoir.kept.first)
    #expect(kept.rows.rowCount == 128 && kept.rows.numbers == (0..<256).map(Double.init))
    #expect(kept.answers.isEmpty)
  }

  @Test func `texts that are too long are no part of the stream`() throws {
    let model = try TestModels.colour()
    let reservoir = Reservoir(seed: 1)
    let long = String(repeating: "x", count: ReplaySample.mostTextBytes + 1)
    reservoir.offer(Rows(numbers: [1], texts: [long], rowCount: 1, featureCount: 2), [:], of: model)
    #expect(reservoir.kept.isEmpty)
    reservoir.offer(Rows(numbers: [1], texts: ["red"], rowCount: 1, featureCount: 2), [:], of: model)
    #expect(reservoir.kept.count == 1)
  }

  @Test func `wide rows are kept in a smaller number, so that all values together are bounded`() throws {
    let model = try TestModels.line()
    let reservoir = Reservoir(seed: 1)
    for _ in 0..<100 {
      reservoir.offer(
        Rows(values: [Double](repeating: 1, count: 4000), rowCount: 1, featureCount: 4000), [:], of: model)
    }
    #expect(reservoir.kept.count == 4)
  }

  @Test func `what was forgotten is gone, and the stream begins anew`() throws {
    let model = try TestModels.line()
    let reservoir = Reservoir(seed: 1)
    for number in 0..<1000 { try Self.offer([Double(number), 0], to: reservoir, model) }
    reservoir.clear()
    #expect(reservoir.kept.isEmpty)
    try Self.offer([1, 2], to: reservoir, model)
    #expect(reservoir.kept.count == 1)
  }

  // MARK: Samples and answers

  @Test func `a sample stands for what callers were answered, and for every other output`() throws {
    let model = try TestModels.sign()
    let rows = Rows(values: [3], rowCount: 1, featureCount: 1)
    let told = Tensor(vector: .string(["low"]))
    model.reservoir.offer(rows, [.predict: [told]], of: model)
    let sample = model.sample(keepingRows: true)
    #expect(sample.source == .reservoir)
    let answers = try #require(sample.cases.first?.answers)
    #expect(Set(answers.keys) == ["predict", "predict_proba", "decision_function"])
    // The caller was told something else than the plan says now: that is what the next process is held against.
    let found = try model.answers(to: sample)
    #expect(sample.compared(with: found).difference?.output == "predict")
  }

  @Test func `two processes with the same model agree, and one that is off by a bit does not`() throws {
    let model = try TestModels.line()
    for number in 0..<200 { try Self.offer([Double(number) / 3, 1], to: model.reservoir, model) }
    let sample = try ReplaySample(json: model.sample(keepingRows: true).json)
    #expect(sample.cases.count == 64)
    #expect(sample.compared(with: try TestModels.line().answers(to: sample)).difference == nil)
    let other = try TestModels.line(intercept: 0x1p-40).answers(to: sample)
    let difference = try #require(sample.compared(with: other).difference)
    #expect(difference.output == "predict" && difference.place == 0)
  }

  @Test func `answers that are missing or too many are no agreement`() throws {
    let model = try TestModels.line()
    try Self.offer([1, 2], to: model.reservoir, model)
    let sample = model.sample(keepingRows: true)
    #expect(sample.compared(with: []).difference == Self.difference(in: "predict"))
    let digest = try #require(sample.cases.first?.answers["predict"])
    #expect(
      sample.compared(with: [["predict": digest, "more": digest]]).difference
        == Self.difference(in: "more"))
  }

  private static func difference(in output: String) -> ReplayResult.Difference {
    ReplayResult.Difference(place: 0, output: output)
  }

  @Test func `where rows may not be kept none leave the process, and what was kept is forgotten`() throws {
    let model = try TestModels.line()
    try Self.offer([1, 2], to: model.reservoir, model)
    #expect(model.sample(keepingRows: false).source == .selfCheck)
    #expect(model.reservoir.kept.isEmpty)
  }

  @Test func `a refusal is an answer, and NaN is NaN`() throws {
    let model = try TestModels.line()
    // The model takes no NaN, which both processes have to say.
    let rows = Rows(values: [.nan, 1], rowCount: 1, featureCount: 2)
    model.reservoir.offer(rows, [:], of: model)
    let sample = model.sample(keepingRows: true)
    #expect(sample.compared(with: try TestModels.line().answers(to: sample)).difference == nil)
    let signs = [Double.nan, -Double.nan, Double(nan: 7, signaling: false)].map { number in
      model.digests(of: [.predict: [Tensor(vector: .float64([number]))]])
    }
    #expect(Set(signs).count == 1)
    #expect(
      model.digests(of: [.predict: [Tensor(vector: .float64([0]))]])
        != model.digests(of: [.predict: [Tensor(vector: .float64([-0.0]))]]))
  }

  @Test func `rows of another model are refused before a kernel reads them`() throws {
    let each = ReplayCase(numbers: [1], texts: [], rowCount: 4, featureCount: 2, answers: [:])
    let model = try TestModels.line()
    let sample = ReplaySample(
      version: model.reference, bundle: model.bundle, source: .reservoir, cases: [each])
    let problem = #expect(throws: Problem.self) { try model.answers(to: sample) }
    #expect(problem?.code == "replay.malformed")
  }
}
