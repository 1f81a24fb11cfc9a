import Artifacts
import Domain
import Encoding
import Inference
import Inspection
import Lifting
import ModelGraph
import Testing

/// Models of CatBoost in JSON, made here.
@Suite struct CatBoostTests {
  /// A model of one feature and one tree, with members in place of its own.
  private static func model(_ members: [String: JSON] = [:]) -> [UInt8] {
    var model: [String: JSON] = [
      "features_info": [
        "float_features": [
          [
            "feature_index": 0, "flat_feature_index": 0, "has_nans": true, "nan_value_treatment": "AsTrue",
            "borders": [0.5],
          ]
        ]
      ],
      "model_info": ["params": ["loss_function": ["type": "RMSE"]]],
      "oblivious_trees": [["leaf_values": [1, 2], "splits": [split]]],
      "scale_and_bias": [2, [0.25]],
    ]
    for (name, value) in members { model[name] = value }
    return Array(JSON.object(model).canonicalText.utf8)
  }

  private static let split: JSON = ["split_type": "FloatFeature", "float_feature_index": 0, "border": 0.5]

  private static func report(_ bytes: [UInt8]) -> InspectionReport {
    Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: "model")
  }

  private static func answers(_ bytes: [UInt8], to values: [Double]) throws -> [Double] {
    let plan = ExecutionPlan(try Lifter.lift(.catBoost(bytes[...])).graph)
    let rows = Rows(values: values, rowCount: values.count, featureCount: 1)
    let answer = try #require(try plan.run([.predict], on: rows)[.predict]?.first)
    guard case .float64(let numbers) = answer.elements else { return [] }
    return numbers
  }

  @Test func `above a border goes right, in single precision, and what is missing as the feature says`()
    throws
  {
    let values = [0.5, 0.5 + 1e-12, 0.500001, .nan, -.infinity]
    #expect(try Self.answers(Self.model(), to: values) == [2.25, 2.25, 4.25, 4.25, 2.25])
  }

  @Test func `a model without trees gives its bias`() throws {
    #expect(try Self.answers(Self.model(["oblivious_trees": []]), to: [1, 2]) == [0.25, 0.25])
  }

  @Test func `inspection lets a model in JSON through and names the binary form`() throws {
    let report = Self.report(Self.model())
    #expect(report.verdict == .liftable && report.format == "CatBoost")
    let binary = Self.report(Array("CBM1".utf8) + [UInt8](repeating: 0, count: 60))
    #expect(binary.verdict == .notLiftable)
    #expect(
      binary.findings.first?.message
        == "expected a model of CatBoost as save_model(path, format='json') writes it, found its binary form")
  }

  @Test func `a name that occurs twice is told as in any JSON`() {
    let text = String(decoding: Self.model(), as: UTF8.self)
    let twice = text.replacing("\"has_nans\":true", with: "\"has_nans\":true,\"has_nans\":false")
    #expect(Self.report(Array(twice.utf8)).findings.contains { $0.rule == "json.duplicate-name" })
  }

  /// What a model has in place of what is sound, and what then stands in the message.
  static let unsound: [(members: [String: JSON], message: String)] = [
    (["oblivious_trees": [["leaf_values": [1], "splits": [split]]]], "found 1"),
    (["oblivious_trees": [["leaf_values": [1, 2, 3, 4], "splits": [split]]]], "found 4"),
    (
      [
        "oblivious_trees": [
          [
            "leaf_values": [1, 2],
            "splits": [["split_type": "FloatFeature", "float_feature_index": 1, "border": 0]],
          ]
        ]
      ], "a feature below 1"
    ),
    (["oblivious_trees": nil, "trees": [["value": [1, 2]]]], "1 numbers at a leaf"),
  ]

  private static func feature(_ members: [String: JSON]) -> JSON {
    var feature: [String: JSON] = [
      "feature_index": 0, "flat_feature_index": 0, "has_nans": true, "nan_value_treatment": "AsIs",
    ]
    for (name, value) in members { feature[name] = value }
    return ["float_features": [.object(feature)]]
  }

  private static func asking(_ members: [String: JSON]) -> JSON {
    var split: [String: JSON] = ["split_type": "FloatFeature", "float_feature_index": 0, "border": 0.5]
    for (name, value) in members { split[name] = value }
    return [["leaf_values": [1, 2], "splits": [.object(split)]]]
  }

  /// What a model has that lost a part or was changed, and leads nowhere all the same.
  static let damaged: [(members: [String: JSON], message: String)] = [
    (["oblivious_trees": [["leaf_values": [1, nil], "splits": [split]]]], "the value of a leaf"),
    (
      ["oblivious_trees": [["leaf_values": [], "splits": .array([JSON](repeating: split, count: 70))]]],
      "at most 16 splits"
    ),
    (["scale_and_bias": [1, []]], "a bias for each output"), (["scale_and_bias": [1]], "two members"),
    (["oblivious_trees": nil, "trees": [["split": split, "left": ["value": 1]]]], "two children"),
    (["features_info": feature(["nan_value_treatment": nil])], "AsIs, AsFalse or AsTrue"),
    (["oblivious_trees": asking(["float_feature_index": 0.5])], "a whole number as float_feature_index"),
    (["oblivious_trees": asking(["border": 1e300])], "a border that single precision holds"),
    (["trees": [["value": 5]]], "found both"), (["oblivious_trees": nil], "found none"),
    (["features_info": feature(["flat_feature_index": -1])], "a column of its own"),
  ]

  @Test(arguments: unsound)
  func `numbers that lead astray are dangerous, and not lifted`(members: [String: JSON], message: String)
    throws
  {
    let bytes = Self.model(members)
    let report = Self.report(bytes)
    #expect(report.verdict == .dangerous)
    #expect(report.findings.first?.rule == "catboost.tree-structure")
    #expect(report.findings.first?.message.contains(message) == true)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.catBoost(bytes[...])) }
    #expect(problem?.code == "lift.malformed-booster")
  }

  @Test(arguments: damaged)
  func `what lost a part is malformed, and not lifted`(members: [String: JSON], message: String) throws {
    let bytes = Self.model(members)
    let report = Self.report(bytes)
    #expect(report.verdict == .malformed)
    #expect(report.findings.first?.rule == "catboost.malformed")
    #expect(report.findings.first?.message.contains(message) == true)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.catBoost(bytes[...])) }
    #expect(problem?.code == "lift.malformed-booster")
  }

  @Test(arguments: [0, 2, 5])
  func `classes that were never seen are refused, for they have probabilities of their own`(_ count: Int)
    throws
  {
    let bytes = Self.model([
      "model_info": [
        "params": ["loss_function": ["type": "Logloss"]],
        "class_params": [
          "class_label_type": "Integer", "class_to_label": [0, 1], "classes_count": JSON(count),
        ],
      ]
    ])
    do throws(Problem) {
      _ = try Lifter.lift(.catBoost(bytes[...]))
      #expect(count != 5)
    } catch {
      #expect(count == 5 && error.code == "lift.unsupported-attribute")
    }
  }

  @Test(
    arguments: [
      (["text_processing": ["tokenizers": []]], "lift.unsupported-features"),
      (["model_info": ["params": ["loss_function": ["type": "MyLoss"]]]], "lift.unsupported-objective"),
      (["model_info": [:]], "lift.unsupported-objective"),
      (["model_info": ["params": ["loss_function": ["type": "Logloss"]]]], "lift.unexpected-attribute"),
      (["model_info": ["params": ["loss_function": ["type": "MultiClass"]]]], "lift.unexpected-attribute"),
      (["features_info": ["text_features": [[:]]]], "lift.malformed-booster"),
      (
        [
          "features_info": ["text_features": [[:]]], "oblivious_trees": [],
        ], "lift.unsupported-features"
      ),
    ] as [([String: JSON], String)])
  func `what cannot be lifted is refused by name`(members: [String: JSON], code: String) {
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.catBoost(Self.model(members)[...])) }
    #expect(problem?.code == code)
  }

  @Test func `a pickled model is refused with the way to save it`() throws {
    var document = SyntheticDocument()
    let root = document.add("catboost.core", "CatBoostClassifier", [])
    let pickled = try document.document(root: root)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(pickled) }
    #expect(problem?.hint == "save the model with save_model('model.json', format='json')")
  }

  @Test func `a model cut off or changed at any byte traps nothing`() throws {
    let bytes = Self.model()
    for end in bytes.indices { _ = try? Lifter.lift(.catBoost(bytes[..<end])) }
    for place in bytes.indices {
      for byte in [UInt8(ascii: "0"), UInt8(ascii: "9"), UInt8(ascii: "\""), UInt8(ascii: "["), 0xFF] {
        var changed = bytes
        changed[place] = byte
        _ = try? Self.answers(changed, to: [1])
      }
    }
  }
}
