import Domain
import Encoding
import Inference
import Lifting
import ModelGraph
import Testing

/// Every fixture model, against the numbers that the library itself gave.
@Suite struct EquivalenceTests {
  static let all = ModelFixture.all(in: "models")
  static let models = all.filter { (try? $0.refusal()) == nil }
  static let refused = all.filter { (try? $0.refusal()) != nil }

  @Test func `there are models from both ends of the range of versions`() {
    #expect(Self.models.count { $0.name.contains("sklearn-1.2") } > 40)
    #expect(Self.models.count { $0.name.contains("sklearn-1.9") } > 40)
  }

  @Test(arguments: models)
  func `a lifted model answers as the library does`(_ fixture: ModelFixture) throws {
    let lifted = try fixture.liftedModel()
    let expected = try fixture.expected()
    let methods = try #require(expected["methods"]?.array).compactMap { method in
      method.string.flatMap(PredictionMethod.init(rawValue:))
    }
    #expect(Set(lifted.graph.signature.methods) == Set(methods) && !methods.isEmpty)
    let plan = ExecutionPlan(lifted.graph)
    let answers = try plan.run(methods, on: try fixture.rows(for: lifted.graph.signature))
    let tolerance = Self.tolerance(of: lifted, expected)
    for method in methods {
      let answer = try #require(answers[method])
      let expected = try fixture.answer(method)
      #expect(answer.count == expected.count, "\(method.rawValue)")
      for (found, wanted) in zip(answer, expected) {
        try Self.compare(found, wanted, within: tolerance, "\(method.rawValue)")
      }
    }
  }

  @Test(arguments: models)
  func `the signature says what the fixture says`(_ fixture: ModelFixture) throws {
    let lifted = try fixture.liftedModel()
    let expected = try fixture.expected()
    // Of rows that are not read nobody knows how many features they have.
    if let features = expected["features"]?.int, lifted.graph.signature.features.form != .unread {
      #expect(lifted.graph.signature.featureCount == features)
    }
    #expect(lifted.graph.signature.featureNames == expected["feature_names"]?.array?.compactMap(\.string))
    #expect(lifted.framework == expected["library"]?.string ?? "scikit-learn")
    #expect(lifted.frameworkVersion == (expected["version"] ?? expected["sklearn"])?.string)
    #expect(expected["class"]?.string?.hasSuffix(".\(lifted.estimator)") == true)
    let classes = lifted.graph.signature.classes
    #expect(classes.count == 1 ? classes[0].elements.count == expected["classes"]?.array?.count : true)
  }

  @Test(arguments: models)
  func `a lifted graph is the same after its files`(_ fixture: ModelFixture) throws {
    let graph = try fixture.liftedModel().graph.graph
    let files = graph.encoded()
    #expect(try ModelGraph(decoding: files.graph, weights: files.weights) == graph)
  }

  @Test(arguments: refused)
  func `a model that is not lifted is refused as the fixture says`(_ fixture: ModelFixture) throws {
    let problem = #expect(throws: Problem.self) { try fixture.liftedModel() }
    #expect(problem?.code == (try fixture.refusal()))
  }

  /// How far a number may be from the library's, relative to the greater of 1 and it; nil is bit for bit.
  ///
  /// Where the fixture does not say: trees add and compare only, so theirs are exact; so is a scaler's subtraction
  /// and division.
  private static func tolerance(of lifted: LiftedGraph, _ expected: JSON) -> Double? {
    if let tolerance = expected["tolerance"] { return tolerance.double }
    let isExact = lifted.graph.graph.nodes.allSatisfy { node in
      !(node.operator is Linear || node.operator is Softmax || node.operator is MapElements)
    }
    return isExact ? nil : 1e-12
  }

  private static func compare(
    _ answer: Tensor, _ expected: Tensor, within tolerance: Double?, _ method: String
  ) throws {
    #expect(answer.shape == expected.shape, "\(method)")
    let (found, wanted): ([Double], [Double])
    switch (answer.elements, expected.elements) {
    case (.float64(let own), .float64(let library)): (found, wanted) = (own, library)
    // Singles are the library's, unless the fixture's bound is one of singles.
    case (.float32(let own), .float32(let library)) where tolerance ?? 0 >= 1e-6:
      (found, wanted) = (own.map(Double.init), library.map(Double.init))
    default:
      #expect(answer.elements == expected.elements, "\(method)")
      return
    }
    let wrong = zip(found, wanted).enumerated().filter { _, pair in
      guard pair.0.bitPattern != pair.1.bitPattern, !(pair.0.isNaN && pair.1.isNaN) else { return false }
      guard let tolerance else { return true }
      // Equal infinities have no difference.
      return pair.0 != pair.1 && !(abs(pair.0 - pair.1) <= tolerance * max(1, abs(pair.1)))
    }
    #expect(wrong.isEmpty, "\(method): \(wrong.count) of \(found.count) differ, first \(wrong.prefix(3))")
  }
}
