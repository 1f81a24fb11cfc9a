import Artifacts
import Domain
import Encoding
import ModelGraph
import Testing

@testable import Lifting

/// Small pickles that name the same values over and over: what they describe is never built.
@Suite struct SharedValueTests {
  private static func problem(_ root: ValueID, in source: SyntheticDocument) throws -> Problem? {
    let document = try source.document(root: root)
    return #expect(throws: Problem.self) { try Lifter.lift(document) }
  }

  private static func entry(
    _ source: inout SyntheticDocument, _ name: ValueID, _ transformer: String, _ columns: ValueID
  ) -> ValueID {
    source.add(.tuple([name, source.add(.string(transformer)), columns]))
  }

  private static func columnTransformer(
    _ source: inout SyntheticDocument, features: Int64, _ entries: [ValueID]
  ) -> ValueID {
    source.add(
      "sklearn.compose._column_transformer", "ColumnTransformer",
      [
        ("n_features_in_", source.add(.integer(features))), ("transformer_weights", source.add(.none)),
        ("transformers_", source.add(.list(entries))), ("_sklearn_version", source.add(.string("1.9.1"))),
      ])
  }

  @Test func `a slice that is taken over and over is refused`() throws {
    var source = SyntheticDocument()
    let type = PickleGlobal(module: "builtins", name: "slice")
    let arguments = [source.add(.none), source.add(.none), source.add(.integer(2))]
    let slice = source.add(.object(PickleObject(constructor: type, type: type, arguments: arguments)))
    let name = source.add(.string("all"))
    let entry = Self.entry(&source, name, "passthrough", slice)
    let root = Self.columnTransformer(
      &source, features: 1 << 20, Array(repeating: entry, count: 10_000))
    #expect(try Self.problem(root, in: source)?.code == "lift.shared-columns")
  }

  @Test func `a list of columns that is read over and over is refused`() throws {
    var source = SyntheticDocument()
    let (first, second) = (source.add(.integer(0)), source.add(.integer(2)))
    let columns = source.add(.list((0..<40_000).map { $0 % 2 == 0 ? first : second }))
    let name = source.add(.string("all"))
    let entry = Self.entry(&source, name, "drop", columns)
    let passed = Self.entry(&source, name, "passthrough", columns)
    let root = Self.columnTransformer(
      &source, features: 3, Array(repeating: entry, count: 100) + Array(repeating: passed, count: 20_000))
    #expect(try Self.problem(root, in: source)?.code == "lift.shared-values")
  }

  @Test func `a long text that is read over and over is refused with the place`() throws {
    var source = SyntheticDocument()
    let name = source.add(.string(String(repeating: "x", count: 1 << 20)))
    let entry = Self.entry(&source, name, "drop", source.add(.list([])))
    let root = Self.columnTransformer(&source, features: 3, Array(repeating: entry, count: 1000))
    let problem = try Self.problem(root, in: source)
    #expect(problem?.code == "lift.shared-values")
    #expect(
      problem?.message
        == "expected a model whose parts have values of their own, found values that are read over and over, the"
        + " last at ColumnTransformer.transformers_[79][0]")
  }

  @Test func `what is passed through counts as an estimator`() throws {
    var source = SyntheticDocument()
    let name = source.add(.string("p"))
    let entry = source.add(.tuple([name, source.add(.string("passthrough"))]))
    let root = source.add(
      "sklearn.pipeline", "FeatureUnion",
      [
        ("transformer_list", source.add(.list(Array(repeating: entry, count: 20_000)))),
        ("transformer_weights", source.add(.none)),
      ])
    #expect(try Self.problem(root, in: source)?.code == "lift.too-many-estimators")
  }

  @Test func `categories that many columns share are refused before they are read`() throws {
    var source = SyntheticDocument()
    let numbers = (0..<20_000).flatMap { Double($0).bitPattern.littleEndianBytes }
    let categories = try source.add(.float(size: 8, .little), [20_000], numbers)
    let root = source.add(
      "sklearn.preprocessing._encoders", "OneHotEncoder",
      [
        ("n_features_in_", source.add(.integer(5000))),
        ("categories_", source.add(.list(Array(repeating: categories, count: 5000)))),
        ("handle_unknown", source.add(.string("error"))), ("_sklearn_version", source.add(.string("1.9.1"))),
      ])
    let problem = try Self.problem(root, in: source)
    #expect(problem?.code == "lift.shared-arrays")
    #expect(problem?.message.contains("OneHotEncoder.categories_[5]") == true)
  }

  @Test func `more features than the model has bytes for are refused`() throws {
    var source = SyntheticDocument()
    let all = source.add(.list([source.add(.integer(0))]))
    let entry = Self.entry(&source, source.add(.string("all")), "passthrough", all)
    let root = Self.columnTransformer(&source, features: 1 << 21, [entry])
    let problem = try Self.problem(root, in: source)
    #expect(problem?.code == "lift.too-many-features")
    #expect(
      problem?.message == "expected ColumnTransformer to read at most 1048576 features, found 2097152")
  }

  @Test func `an attribute among very many is found, and the last one of a name holds`() throws {
    var source = SyntheticDocument()
    let none = source.add(.none)
    let array = try source.add(.float(size: 8, .little), [1], Double(7).bitPattern.littleEndianBytes)
    var attributes: [(String, ValueID)] = [("coef_", none)]
    attributes += (0..<1000).map { ("x\($0)", none) }
    attributes += [
      ("n_features_in_", source.add(.integer(1))), ("coef_", array), ("intercept_", source.add(.float(0))),
    ]
    let root = source.add("sklearn.linear_model._base", "LinearRegression", attributes)
    let lifted = try Lifter.lift(try source.document(root: root))
    #expect(lifted.graph.signature.featureCount == 1)
  }

  @Test func `operators beyond what a graph may have are not made`() throws {
    var builder = GraphBuilder(arrayBytes: 0)
    let value = GraphValue(name: ModelGraph.inputName, type: .numbers(1))
    let problem = #expect(throws: Problem.self) {
      while true {
        _ = try builder.apply(
          MapElements(.negative), to: [value], named: "x", origin: "Sum", position: nil)
      }
    }
    #expect(problem?.code == "lift.too-many-operators")
  }

  @Test func `an operator of more values than a graph allows is not made`() throws {
    var builder = GraphBuilder(arrayBytes: 0)
    let value = GraphValue(name: ModelGraph.inputName, type: .numbers(1))
    let problem = #expect(throws: Problem.self) {
      _ = try builder.apply(
        Concat(), to: Array(repeating: value, count: 8193), named: "x", origin: "RegressorChain",
        position: nil)
    }
    #expect(problem?.code == "lift.too-many-operands")
    #expect(builder.nodes.isEmpty)
  }
}
