import Artifacts
import Domain
import Lifting
import Testing

/// Arguments of functions, and paths to what counts, that no honest model has.
@Suite struct FunctionArgumentTests {
  private static func problem(
    _ function: String, _ arguments: (inout SyntheticDocument) -> ValueID
  ) throws -> Problem? {
    var document = SyntheticDocument()
    let function = document.add(.global(PickleGlobal(module: "numpy", name: function)))
    let keywords = arguments(&document)
    let root = document.add(
      "sklearn.preprocessing._function_transformer", "FunctionTransformer",
      [
        ("func", function), ("kw_args", keywords), ("validate", document.add(.bool(false))),
        ("n_features_in_", document.add(.integer(2))),
      ])
    let whole = try document.document(root: root)
    do {
      _ = try Lifter.lift(whole)
      return nil
    } catch {
      return error
    }
  }

  private static func keywords(
    _ document: inout SyntheticDocument, _ pairs: [(String, PickleValue)]
  ) -> ValueID {
    var made: [(key: ValueID, value: ValueID)] = []
    for (name, value) in pairs {
      made.append((key: document.add(.string(name)), value: document.add(value)))
    }
    return document.add(.dictionary(made))
  }

  @Test func `bounds are taken by either name`() throws {
    #expect(
      try Self.problem("clip") { Self.keywords(&$0, [("a_min", .integer(0)), ("a_max", .none)]) } == nil)
    #expect(try Self.problem("clip") { Self.keywords(&$0, [("max", .float(2.5))]) } == nil)
  }

  @Test func `another argument is refused`() throws {
    let problem = try Self.problem("clip") {
      Self.keywords(&$0, [("a_min", .integer(0)), ("out", .integer(1))])
    }
    #expect(problem?.code == "lift.unexpected-attribute")
    #expect(problem?.message.contains("with no other arguments than a_min, a_max, min, max") == true)
  }

  @Test func `bounds that are no numbers are refused`() throws {
    for value in [PickleValue.float(.nan), .string("1"), .list([])] {
      #expect(try Self.problem("clip") { Self.keywords(&$0, [("a_min", value)]) } != nil)
    }
  }

  @Test func `what stands for a missing number is a number`() throws {
    #expect(try Self.problem("nan_to_num") { Self.keywords(&$0, [("nan", .float(.infinity))]) } != nil)
    #expect(try Self.problem("nan_to_num") { $0.add(.string("nan")) } != nil)
  }

  @Test(arguments: [Int64.min, -9, 9, .max])
  func `more decimals than NumPy has powers for are refused`(_ decimals: Int64) throws {
    #expect(try Self.problem("around") { Self.keywords(&$0, [("decimals", .integer(decimals))]) } != nil)
  }

  @Test(arguments: [
    "", ".", "named_steps", "named_steps.", "named_steps.clf", "steps.coef_", "__dict__.coef_",
    "best_estimator_..coef_", "named_steps.clf.coef_", "estimator_.estimator_.coef_",
  ])
  func `a path that leads nowhere is refused`(_ path: String) throws {
    var document = SyntheticDocument()
    let inner = document.add("sklearn.linear_model._logistic", "LogisticRegression", [])
    let root = document.add(
      "sklearn.feature_selection._from_model", "SelectFromModel",
      [
        ("estimator", inner), ("estimator_", inner), ("importance_getter", document.add(.string(path))),
        ("_sklearn_version", document.add(.string("1.9.1"))),
      ])
    let whole = try document.document(root: root)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(whole) }
    #expect(problem?.code == "lift.unsupported-parameter")
  }
}
