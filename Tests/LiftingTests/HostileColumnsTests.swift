import Artifacts
import Domain
import Encoding
import Lifting
import ModelGraph
import Testing

/// Selections, functions and counts that no library writes.
@Suite struct HostileColumnsTests {
  /// A ColumnTransformer of five columns that passes some of them through.
  private static func transformer(
    features: Int64 = 5, _ columns: (inout SyntheticDocument) -> ValueID
  ) throws -> PickleDocument {
    var document = SyntheticDocument()
    let entry = document.add(
      .tuple([document.add(.string("some")), document.add(.string("passthrough")), columns(&document)]))
    let root = document.add(
      "sklearn.compose._column_transformer", "ColumnTransformer",
      [
        ("n_features_in_", document.add(.integer(features))), ("transformer_weights", document.add(.none)),
        ("transformers_", document.add(.list([entry]))), ("_sklearn_version", document.add(.string("1.9.1"))),
      ])
    return try document.document(root: root)
  }

  private static func slice(_ document: inout SyntheticDocument, _ parts: [PickleValue]) -> ValueID {
    let arguments = parts.map { document.add($0) }
    let type = PickleGlobal(module: "builtins", name: "slice")
    return document.add(.object(PickleObject(constructor: type, type: type, arguments: arguments)))
  }

  private static func width(_ document: PickleDocument) throws -> Int? {
    try Lifter.lift(document).graph.signature.outputs.first?.ports.first?.shape.last
  }

  @Test func `indices count from either end`() throws {
    let document = try Self.transformer { $0.add(.list([$0.add(.integer(-5)), $0.add(.integer(4))])) }
    #expect(try Self.width(document) == 2)
  }

  @Test(
    arguments: [
      (start: PickleValue.none, end: PickleValue.none, step: PickleValue.integer(-2), count: 3),
      (start: .integer(1), end: .integer(.max), step: .none, count: 4),
      (start: .integer(.min), end: .integer(2), step: .none, count: 2),
      (start: .integer(-2), end: .none, step: .none, count: 2),
      (start: .integer(.max), end: .integer(.min), step: .integer(-1), count: 5),
    ])
  func `slices are held within the columns as Python does`(
    start: PickleValue, end: PickleValue, step: PickleValue, count: Int
  ) throws {
    let document = try Self.transformer { Self.slice(&$0, [start, end, step]) }
    #expect(try Self.width(document) == count)
  }

  @Test(
    arguments: [
      PickleValue.integer(5), .integer(-6), .integer(.min), .integer(.max), .float(1), .string("age"),
      .bytes([]),
    ])
  func `a column that is not there is refused`(_ column: PickleValue) throws {
    let document = try Self.transformer { $0.add(.list([$0.add(column)])) }
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.unexpected-attribute")
  }

  @Test(arguments: [
    [PickleValue.integer(0), .integer(2), .integer(0)], [.integer(0)], [.string("a"), .none, .none],
  ])
  func `a slice that Python does not make is refused`(_ parts: [PickleValue]) throws {
    let document = try Self.transformer { Self.slice(&$0, parts) }
    #expect(throws: Problem.self) { try Lifter.lift(document) }
  }

  @Test func `a mask of another length is refused`() throws {
    let document = try Self.transformer { $0.add(.list([$0.add(.bool(true)), $0.add(.bool(false))])) }
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(
      problem?.message
        == "expected ColumnTransformer.transformers_[0][2] to be a mask of 5 columns, found a list of 2")
  }

  @Test func `more features than there can be are refused`() throws {
    let document = try Self.transformer(features: 1 << 40) { $0.add(.list([$0.add(.integer(0))])) }
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.too-many-features")
  }

  @Test func `a function that is not known is refused by its name and place`() throws {
    var document = SyntheticDocument()
    let function = document.add(.global(PickleGlobal(module: "numpy", name: "ptp")))
    let root = document.add(
      "sklearn.preprocessing._function_transformer", "FunctionTransformer",
      [
        ("func", function), ("kw_args", document.add(.none)), ("validate", document.add(.bool(false))),
        ("n_features_in_", document.add(.integer(2))),
      ])
    let whole = try document.document(root: root)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(whole) }
    #expect(problem?.code == "lift.unsupported-parameter")
    #expect(
      problem?.message
        == "expected FunctionTransformer.func to be one that can be lifted, found the name numpy.ptp")
  }

  @Test func `arguments of a function are refused`() throws {
    var document = SyntheticDocument()
    let pair = (key: document.add(.string("decimals")), value: document.add(.integer(2)))
    let root = document.add(
      "sklearn.preprocessing._function_transformer", "FunctionTransformer",
      [
        ("func", document.add(.global(PickleGlobal(module: "numpy", name: "log1p")))),
        ("kw_args", document.add(.dictionary([pair]))), ("validate", document.add(.bool(false))),
        ("n_features_in_", document.add(.integer(2))),
      ])
    let whole = try document.document(root: root)
    #expect(throws: Problem.self) { try Lifter.lift(whole) }
  }

  @Test(arguments: [
    ("sklearn.preprocessing._label", "LabelBinarizer", true), ("somewhere.else", "LabelBinarizer", false),
  ])
  func `a part that an estimator holds is read only where its class is the exact one`(
    module: String, name: String, isRead: Bool
  ) throws {
    var document = SyntheticDocument()
    let coefficients = try document.add(.float(size: 8, .little), [1, 1], 1.0.bitPattern.littleEndianBytes)
    let intercepts = try document.add(.float(size: 8, .little), [1], 0.0.bitPattern.littleEndianBytes)
    let labels = try document.add(
      .integer(size: 8, .little), [2], Array(repeating: 0, count: 8) + [1, 0, 0, 0, 0, 0, 0, 0])
    let binarizer = document.add(
      module, name, [("classes_", labels), ("y_type_", document.add(.string("binary")))])
    let root = document.add(
      "sklearn.linear_model._ridge", "RidgeClassifier",
      [
        ("n_features_in_", document.add(.integer(1))), ("coef_", coefficients), ("intercept_", intercepts),
        ("_label_binarizer", binarizer), ("_sklearn_version", document.add(.string("1.9.1"))),
      ])
    let whole = try document.document(root: root)
    if isRead {
      #expect(try Lifter.lift(whole).estimator == "RidgeClassifier")
    } else {
      let problem = #expect(throws: Problem.self) { try Lifter.lift(whole) }
      #expect(
        problem?.message
          == "expected RidgeClassifier._label_binarizer to be an instance of"
          + " sklearn.preprocessing._label.LabelBinarizer, found an instance of somewhere.else.LabelBinarizer"
      )
    }
  }
}
