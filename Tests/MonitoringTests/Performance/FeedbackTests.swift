import Domain
import Encoding
import ModelGraph
import TestKit
import Testing

@testable import Monitoring

@Suite struct FeedbackTests {
  private func report(_ rows: [LabelledPrediction]) -> FeedbackReport {
    FeedbackReport(from: Timestamp(milliseconds: 0), until: Timestamp(milliseconds: 86_400_000), rows)
  }

  private func value(_ report: FeedbackReport, _ metric: PerformanceEstimate.Metric) -> Double? {
    report.estimates.first { $0.metric == metric }?.value
  }

  @Test func `a label that comes twice counts once, and another one puts it right`() {
    let said = KeptPrediction.binary(1, probability: 0.9)
    #expect(LabelTurn(.classes(0), for: said, before: nil) == .taken)
    #expect(LabelTurn(.classes(0), for: said, before: .classes(0)) == .repeated)
    #expect(LabelTurn(.classes(1), for: said, before: .classes(0)) == .corrected)
  }

  @Test func `labels that cannot be the truth of a prediction are unlike it`() {
    #expect(LabelTurn(.classes(2), for: .binary(1, probability: nil), before: nil) == .unlike)
    #expect(LabelTurn(.number(1), for: .classes(1, confidence: nil), before: nil) == .unlike)
    #expect(LabelTurn(.classes(1), for: .number(2), before: nil) == .unlike)
    #expect(LabelTurn(.number(.nan), for: .number(2), before: nil) == .unlike)
    #expect(LabelTurn(nil, for: .number(2), before: .number(1)) == .unlike)
  }

  @Test func `a report says whom it is of`() {
    let rows = [LabelledPrediction(.binary(1, probability: 0.75), .classes(1))]
    let others = [LabelledPrediction](
      repeating: LabelledPrediction(.binary(1, probability: 0.25)), count: 3)
    #expect(
      report(rows + others).selection
        == "1 of 4 predictions have labels (25.0 %); their mean score is 0.7500, that of the others 0.2500;"
        + " what is said holds for all of them only where it is chance which have labels")
  }

  @Test func `the metrics of two classes are those that scikit-learn has`() throws {
    // Of ten rows: sklearn.metrics of [1,1,0,0,1,0,1,0,0,1] and these probabilities, worked out by hand.
    let truth = [1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    let said = [0.9, 0.8, 0.7, 0.2, 0.4, 0.1, 0.6, 0.3, 0.6, 0.95]
    let report = report(
      zip(truth, said).map { label, probability in
        LabelledPrediction(.binary(probability > 0.5 ? 1 : 0, probability: probability), .classes(label))
      })
    #expect(value(report, .accuracy) == 0.7)
    #expect(value(report, .precision) == 4.0 / 6)
    #expect(value(report, .recall) == 0.8)
    #expect(value(report, .f1) == 8.0 / 11)
    // 25 pairs: 5 + 5 + 5 for 0.95, 0.9, 0.8; 3.5 for 0.6; 3 for 0.4.
    #expect(value(report, .auc) == 21.5 / 25)
    #expect(abs(try #require(value(report, .brier)) - 0.15625) < 1e-12)
    #expect(
      report.estimates.allSatisfy { $0.interval?.contains($0.value) ?? ($0.metric == .calibrationError) })
  }

  @Test func `the metrics of numbers are mean and root of the errors`() {
    let report = report(
      [3.0, -4, 0, 5].map { LabelledPrediction(.number(10 + $0), .number(10)) })
    #expect(value(report, .mae) == 3)
    #expect(value(report, .rmse) == 12.5.squareRoot())
  }

  @Test func `errors that are too great for a number take the figure away, and it is said`() {
    let squares = report([1e200, 3].map { LabelledPrediction(.number($0), .number(0)) })
    #expect((value(squares, .mae), value(squares, .rmse)) == (5e199 + 1.5, nil))
    #expect(
      squares.selection
        == "2 of 2 predictions have labels (100.0 %); the square of 1 errors is beyond every number, so that nothing is"
        + " said of squares")
    let errors = report([1.7e308, 3].map { LabelledPrediction(.number($0), .number(-$0)) })
    #expect((value(errors, .mae), value(errors, .rmse), errors.unsaidErrors) == (nil, nil, 1))
  }

  @Test(arguments: [0.5, 0.9, 0.99]) func `intervals of shares hold the truth in 95 of 100 cases`(
    share: Double
  ) {
    var draws = Draws(seed: 8)
    var (accuracy, f1) = (0, 0)
    for _ in 0..<1_000 {
      var hits = 0
      for _ in 0..<80 { hits += draws.uniform() < share ? 1 : 0 }
      if let interval = Interval.share(Double(hits), of: 80), interval.contains(share) { accuracy += 1 }
      let truth = 2 * share / (1 + share)
      if let interval = Interval.f1(hits: Double(hits), misses: Double(80 - hits)), interval.contains(truth) {
        f1 += 1
      }
    }
    #expect((910...999).contains(accuracy))
    #expect(accuracy == f1)
  }

  @Test func `Wilson's interval is that of the textbook`() throws {
    let interval = try #require(Interval.share(81, of: 263))
    #expect(abs(interval.lowerBound - 0.2553) < 1e-4)
    #expect(abs(interval.upperBound - 0.3662) < 1e-4)
  }
}

/// What of answers is kept for labels, and how labels are read.
@Suite struct LabelledOutputTests {
  private func output(_ classes: Tensor.Elements?, _ datatype: Datatype = .float64) throws -> LabelledOutput {
    try #require(
      LabelledOutput(
        ModelSignature(
          features: FeatureList(count: 2), outputs: [.init(.predict, datatype, shape: [-1])],
          classes: classes.map { [Tensor(vector: $0)] } ?? [])))
  }

  @Test func `what was said is written and read as the same`() throws {
    let colours = try output(.string(["blue", "green", "red"]), .string)
    let probabilities = try #require(
      Tensor(shape: [2, 3], elements: .float64([0.1, 0.2, 0.7, 0.5, 0.25, 0.25])))
    let said = try #require(
      colours.said(
        [.predict: [Tensor(vector: .string(["red", "green"]))], .predictProbabilities: [probabilities]],
        rows: 2))
    #expect(said.text == "[3,0,[2,0.7],[1,0.25]]")
    #expect(SaidRows(parsing: said.text) == said)
    // Of probabilities alone it is the class of the largest.
    #expect(colours.said([.predictProbabilities: [probabilities]], rows: 2)?.text == "[3,0,[2,0.7],[0,0.5]]")
    #expect(
      colours.said(
        [.predict: [Tensor(vector: .string(["red", "green"]))], .predictProbabilities: [probabilities]],
        rows: 2, showsScores: false)?.text == "[3,0,[2],[1]]")
    #expect(colours.said([.predictProbabilities: [probabilities]], rows: 2, showsScores: false) == nil)
  }

  @Test func `of two classes the score is the probability of the second`() throws {
    let signs = try output(.int64([-1, 1]), .int64)
    let probabilities = try #require(Tensor(shape: [1, 2], elements: .float64([0.75, 0.25])))
    let said = signs.said(
      [.predict: [Tensor(vector: .int64([-1]))], .predictProbabilities: [probabilities]], rows: 1)
    #expect(said?.rows == [.binary(0, probability: 0.25)])
  }

  @Test func `numbers are kept, and of many rows the first`() throws {
    let numbers = try output(nil)
    let values = (0..<100).map { $0 == 3 ? Double.infinity : Double($0) }
    let said = try #require(numbers.said([.predict: [Tensor(vector: .float64(values))]], rows: 100))
    #expect((said.rows.count, said.leftOut, said.rows[3], said.rows[4]) == (64, 36, nil, .number(4)))
    #expect(SaidRows(parsing: said.text) == said)
  }

  @Test(
    arguments: [
      "", "[]", "[2]", "[1,0,[0]]", "[2,0,[2]]", "[2,0,[0,1.5]]", "[2,0,[0,0.5,1]]", "[0,0,[1]]", "[2,-1]",
      "[2,0,{}]",
    ]) func `another text is none`(text: String)
  { #expect(SaidRows(parsing: text) == nil) }

  @Test func `labels are found as JSON, as text, and by their value`() throws {
    let numbers = try output(.int64([0, 1]), .int64)
    for label in [.integer(1), .number(1), .string("1"), .string("1.0"), .bool(true)] as [JSON] {
      #expect(numbers.truth(label) == .classes(1), "\(label)")
    }
    for label in [.integer(2), .string("one"), .null, .number(.nan)] as [JSON] {
      #expect(numbers.truth(label) == nil, "\(label)")
    }
    let texts = try output(.string(["0", "yes"]), .string)
    #expect(texts.truth(.integer(0)) == .classes(0))
    #expect(texts.truth(.string("yes")) == .classes(1))
    #expect(texts.truth(.string("no")) == nil)
    let flags = try output(.bool([false, true]), .bool)
    for label in [.string("True"), .bool(true), .integer(1)] as [JSON] {
      #expect(flags.truth(label) == .classes(1), "\(label)")
    }
    #expect(try output(nil).truth(.string("2.5")) == .number(2.5))
    #expect(try output(nil).truth(.string("red")) == nil)
  }

  @Test func `a batch is an array or lines, and says where it is neither`() throws {
    let receipt = "0123456789abcdef-00000001-7"
    let one = "{\"deployment\":\"iris\",\"receipt\":\"\(receipt)\",\"label\":\"setosa\"}"
    let two =
      "{\"deployment\":\"iris\",\"key\":\"order-7\",\"row\":3,\"label\":2,\"at\":\"2026-01-02T03:04:05Z\"}"
    let array = try LabelBatch(parsing: Array("[\(one),\n\(two)]".utf8)) { $0 == "order-7" }
    let lines = try LabelBatch(parsing: Array("\(one)\n\n\(two)\n".utf8)) { $0 == "order-7" }
    #expect(array == lines)
    #expect(array.labels.map(\.row) == [0, 3])
    #expect(array.labels[1].name == .key("order-7"))
    func problem(_ text: String) -> String? {
      do throws(Problem) { _ = try LabelBatch(parsing: Array(text.utf8)) { _ in false } } catch {
        return "\(error.code) \(error.position ?? "")"
      }
      return nil
    }
    #expect(problem("") == "feedback.malformed ")
    #expect(problem("[\(one),\(two)]") == "feedback.malformed /1")
    #expect(problem("\(one)\n{\"deployment\":\"iris\"}") == "feedback.malformed line 2")
    #expect(problem("\(one)\n{") == "feedback.malformed line 2, column 2")
    #expect(problem(one.replacingOccurrences("setosa", "\(String(repeating: "x", count: 257))")) != nil)
    let many = Array(repeating: one, count: 10_001).joined(separator: "\n")
    #expect(problem(many) == "feedback.too-large ")
  }
}

extension String {
  fileprivate func replacingOccurrences(_ part: String, _ other: String) -> String {
    split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
  }
}
