import Artifacts
import Domain
import Encoding
import Inference
import ModelGraph
import TestKit
import Testing

@testable import Lifting

/// XGBoost and LightGBM: what the corpus of inspection holds of them, and what is refused by name.
@Suite struct BoosterTests {
  private static let folder = "corpus/trees"

  /// What a file of the corpus can be lifted from; nil for a pickle that cannot be read.
  private static func source(_ name: String) throws -> ModelSource? {
    let bytes = try Fixtures.bytes("\(folder)/\(name)")
    if name.hasSuffix(".pkl") { return PickleReading.read(bytes[...]).document.map { .pickle($0) } }
    return name.contains("lightgbm") ? .lightGBM(bytes[...]) : .xgboost(bytes[...])
  }

  private static func names(_ isIncluded: (String) -> Bool) throws -> [String] {
    try Fixtures.names(in: folder).filter { name in
      (name.contains("xgboost") || name.contains("lightgbm")) && isIncluded(name)
    }
  }

  @Test func `every booster that the libraries wrote is lifted, and gives finite numbers`() throws {
    let names = try Self.names { $0.hasPrefix("honest-") }
    #expect(names.count > 40)
    for name in names {
      let lifted = try Lifter.lift(try #require(try Self.source(name), "\(name)"))
      #expect(lifted.framework == (name.contains("xgboost") ? "xgboost" : "lightgbm"), "\(name)")
      let plan = ExecutionPlan(lifted.graph)
      let count = plan.signature.featureCount
      let rows = Rows(values: (0..<(3 * count)).map { Double($0 % 5) / 4 }, rowCount: 3, featureCount: count)
      for tensor in try #require(try plan.run([.predict], on: rows)[.predict]) {
        if case .float32(let numbers) = tensor.elements {
          #expect(numbers.allSatisfy { $0.isFinite }, "\(name)")
        }
        if case .float64(let numbers) = tensor.elements {
          #expect(numbers.allSatisfy { $0.isFinite }, "\(name)")
        }
      }
    }
  }

  @Test func `no booster that leads out of its arrays is lifted`() throws {
    let names = try Self.names { !$0.hasPrefix("honest-") }
    #expect(names.count > 60)
    for name in names {
      guard let source = try Self.source(name) else { continue }
      #expect(throws: Problem.self, "\(name)") { try Lifter.lift(source) }
    }
  }

  @Test(arguments: [
    "honest-xgboost-3.2-vectors.ubj", "honest-xgboost-1.7-dart.bin", "honest-xgboost-3.2-categories.json",
    "honest-lightgbm-4.6-categories.txt", "honest-lightgbm-4.6-linear.txt", "honest-xgboost-3.2-classes.pkl",
  ])
  func `any single byte of a booster may change, and lifting it ends`(name: String) throws {
    var bytes = try Fixtures.bytes("\(Self.folder)/\(name)")
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<120 {
      let place = Int.random(in: bytes.indices, using: &generator)
      let before = bytes[place]
      bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
      let source: ModelSource? =
        name.hasSuffix(".pkl")
        ? PickleReading.read(bytes[...]).document.map { .pickle($0) }
        : name.contains("lightgbm") ? .lightGBM(bytes[...]) : .xgboost(bytes[...])
      if let source, let lifted = try? Lifter.lift(source) {
        let plan = ExecutionPlan(lifted.graph)
        let count = plan.signature.featureCount
        let row = Rows(values: Array(repeating: 0.5, count: count), rowCount: 1, featureCount: count)
        _ = try plan.run([.predict], on: row)
      }
      bytes[place] = before
    }
  }

  /// A LightGBM model of one tree with one split.
  private static func text(
    objective: String = "regression", threshold: String = "0.5", decision: Int = 2, tail: String = ""
  ) -> ModelSource {
    let lines = [
      "tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0", "max_feature_idx=0",
      "objective=\(objective)", "feature_names=Column_0", "feature_infos=[0:1]", "", "Tree=0", "num_leaves=2",
      "num_cat=0", "split_feature=0", "split_gain=1", "threshold=\(threshold)", "decision_type=\(decision)",
      "left_child=-1", "right_child=-2", "leaf_value=1 2", "leaf_weight=1 1", "leaf_count=1 1",
      "internal_value=0", "internal_weight=0", "internal_count=2", "is_linear=0", "shrinkage=1", "", "",
      "end of trees", tail,
    ]
    return .lightGBM(Array(lines.joined(separator: "\n").utf8)[...])
  }

  private static func answers(_ source: ModelSource, to values: [Double]) throws -> [Double] {
    let plan = ExecutionPlan(try Lifter.lift(source).graph)
    let rows = Rows(values: values, rowCount: values.count, featureCount: 1)
    guard case .float64(let numbers) = try plan.run([.predict], on: rows)[.predict]?.first?.elements else {
      return []
    }
    return numbers
  }

  @Test func `zeros and NaN go where LightGBM's type of missing values sends them`() throws {
    let values = [0.0, 1e-36, -1e-36, 1e-35, .nan, 0.5, 0.6, -1]
    // Bit 2 is the default side, bits 4 and 8 the type: none, zero, NaN.
    #expect(try Self.answers(Self.text(decision: 0), to: values) == [1, 1, 1, 1, 1, 1, 2, 1])
    #expect(try Self.answers(Self.text(decision: 4), to: values) == [2, 2, 2, 2, 2, 1, 2, 1])
    #expect(try Self.answers(Self.text(decision: 6), to: values) == [1, 1, 1, 1, 1, 1, 2, 1])
    #expect(try Self.answers(Self.text(decision: 8), to: values) == [1, 1, 1, 1, 2, 1, 2, 1])
    #expect(try Self.answers(Self.text(decision: 10), to: values) == [1, 1, 1, 1, 1, 1, 2, 1])
    #expect(
      try Self.answers(Self.text(threshold: "-1e-36", decision: 10), to: values) == [2, 2, 2, 2, 1, 2, 2, 1])
  }

  @Test func `an objective of one's own and categories of a frame are refused by name`() throws {
    let objective = #expect(throws: Problem.self) { try Lifter.lift(Self.text(objective: "mine")) }
    #expect(objective?.code == "lift.unsupported-objective")
    #expect(objective?.message.contains("'mine'") == true)
    let frame = #expect(throws: Problem.self) {
      try Lifter.lift(Self.text(tail: "\npandas_categorical:[[\"a\",\"b\"]]"))
    }
    #expect(frame?.code == "lift.frame-categories")
    #expect(throws: Never.self) { try Lifter.lift(Self.text(tail: "\npandas_categorical:null")) }
    let numbers = #expect(throws: Problem.self) {
      try Lifter.lift(Self.text(tail: "[categorical_feature: 0]\npandas_categorical:[[1,2]]"))
    }
    #expect(numbers?.code == "lift.frame-categories")
  }

  @Test func `texts of a frame become the codes that the model keeps, others are missing`() throws {
    let source = Self.text(
      decision: 8, tail: "[categorical_feature: 0]\npandas_categorical:[[\"a\",\"b\"]]")
    let plan = ExecutionPlan(try Lifter.lift(source).graph)
    var decoder = RowDecoder(signature: plan.signature)
    var reader = RequestReader(Array(#"[["a"],["b"],["c"]]"#.utf8))
    _ = try decoder.decode(&reader, at: "/data")
    let answer = try plan.run([.predict], on: decoder.rows)[.predict]?.first
    #expect(answer?.elements == .float64([1, 2, 2]))
  }

  /// An XGBoost model without trees.
  private static func json(
    objective: String = "reg:squarederror", score: String = "5E-1", features: String = "1",
    version: String = "[2,0,3]"
  ) -> ModelSource {
    let text =
      #"{"learner":{"feature_names":[],"gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"0"},"#
      + #""tree_info":[],"trees":[]},"name":"gbtree"},"learner_model_param":{"base_score":"\#(score)","#
      + #""num_class":"0","num_feature":"\#(features)"},"objective":{"name":"\#(objective)"}},"#
      + #""version":\#(version)}"#
    return .xgboost(Array(text.utf8)[...])
  }

  private static func single(_ source: ModelSource) throws -> Float {
    let plan = ExecutionPlan(try Lifter.lift(source).graph)
    let row = Rows(values: [0], rowCount: 1, featureCount: 1)
    guard case .float32(let numbers) = try plan.run([.predict], on: row)[.predict]?.first?.elements else {
      return .nan
    }
    return numbers[0]
  }

  @Test func `a base score comes back through its link, in either form`() throws {
    #expect(try Self.single(Self.json()) == 0.5)
    #expect(try Self.single(Self.json(score: "[2.5E-1]")) == 0.25)
    let rate = try Self.single(Self.json(objective: "count:poisson", score: "3E0"))
    #expect(abs(rate - 3) < 1e-6)
    let share = try Self.single(Self.json(objective: "binary:logistic", score: "2E-1"))
    #expect(abs(share - 0.2) < 1e-6)
    #expect(try Self.single(Self.json(objective: "binary:hinge", score: "1E-1")) == 1)
  }

  @Test(arguments: [
    (json(score: "abc"), "lift.unexpected-attribute"), (json(score: "[1,2]"), "lift.unexpected-attribute"),
    (json(objective: "binary:logistic", score: "0"), "lift.unexpected-attribute"),
    (json(features: "2000000000"), "lift.unexpected-attribute"),
    (json(features: "0"), "lift.unexpected-attribute"),
    (json(version: "[9,0,0]"), "lift.unknown-version"), (json(version: "[]"), "lift.unknown-version"),
    (json(objective: "multi:softprob"), "lift.unexpected-attribute"),
    (json(objective: "reg:mine"), "lift.unsupported-objective"),
  ])
  func `a model that cannot be right is refused`(source: ModelSource, code: String) {
    let problem = #expect(throws: Problem.self) { try Lifter.lift(source) }
    #expect(problem?.code == code)
  }
}
