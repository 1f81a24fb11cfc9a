import Artifacts
import Domain
import Encoding
import Lifting
import ModelGraph
import Testing

/// Documents that no library writes: odd layouts that are right, and traps that are not.
@Suite struct SyntheticDocumentTests {
  private static func coefficients(_ lifted: LiftedGraph) -> ConstantMatrix? {
    lifted.graph.graph.nodes.compactMap { $0.operator as? Linear }.first?.coefficients
  }

  private static let matrix = ConstantMatrix([1, 2, 3, 4, 5, 6], rows: 2, columns: 3)

  @Test func `numbers in Fortran order are brought into rows`() throws {
    var source = SyntheticDocument()
    let bytes = [1, 4, 2, 5, 3, 6].flatMap { Double($0).bitPattern.littleEndianBytes }
    let array = try source.add(.float(size: 8, .little), [2, 3], bytes, isFortranOrder: true)
    let model = source.linearRegression(array, features: 3)
    #expect(Self.coefficients(try Lifter.lift(try source.document(root: model))) == Self.matrix)
  }

  @Test func `single precision, half precision and integers in either byte order are taken`() throws {
    let numbers = [1, 2, 3, 4, 5, 6]
    let layouts: [(NumPyType, [UInt8])] = [
      (.float(size: 4, .big), numbers.flatMap { Float($0).bitPattern.littleEndianBytes.reversed() }),
      (.float(size: 4, .little), numbers.flatMap { Float($0).bitPattern.littleEndianBytes }),
      (.float(size: 2, .little), numbers.flatMap { Float16($0).bitPattern.littleEndianBytes }),
      (.float(size: 8, .big), numbers.flatMap { Double($0).bitPattern.littleEndianBytes.reversed() }),
      (.integer(size: 2, .big), numbers.flatMap { Int16($0).littleEndianBytes.reversed() }),
      (.unsigned(size: 8, .little), numbers.flatMap { UInt64($0).littleEndianBytes }),
    ]
    for (type, bytes) in layouts {
      var source = SyntheticDocument()
      let model = source.linearRegression(try source.add(type, [2, 3], bytes), features: 3)
      #expect(Self.coefficients(try Lifter.lift(try source.document(root: model))) == Self.matrix, "\(type)")
    }
  }

  @Test func `an attribute of another shape is refused with what was found`() throws {
    var source = SyntheticDocument()
    let array = try source.add(.float(size: 8, .little), [2], [UInt8](repeating: 0, count: 16))
    let model = source.linearRegression(array, features: 3)
    let document = try source.document(root: model)
    #expect(
      throws: Problem(
        .refused, "lift.unexpected-attribute",
        "expected LinearRegression.coef_ to be an array of numbers of shape [3], found an array of float64"
          + " of shape [2]", position: "byte 0")
    ) { try Lifter.lift(document) }
  }

  @Test func `the later of two attributes of one name holds`() throws {
    var source = SyntheticDocument()
    let array = try source.add(.float(size: 8, .little), [1], Double(7).bitPattern.littleEndianBytes)
    let wrong = source.add(.none)
    let model = source.add(
      "sklearn.linear_model._base", "LinearRegression",
      [
        ("coef_", wrong), ("n_features_in_", source.add(.integer(1))),
        ("intercept_", source.add(.float(0))), ("coef_", array),
      ])
    let lifted = try Lifter.lift(try source.document(root: model))
    #expect(Self.coefficients(lifted)?.elements == [7])
    #expect(lifted.frameworkVersion == "unknown")
  }

  @Test func `a pipeline that holds itself is refused`() throws {
    var source = SyntheticDocument()
    let steps = source.add(.none)
    let model = source.add("sklearn.pipeline", "Pipeline", [("steps", steps)])
    let step = source.add(.tuple([source.add(.string("again")), model]))
    source.replace(steps, with: .list([step, step]))
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.too-many-estimators")
  }

  @Test func `one array named many times over is not copied without end`() throws {
    var source = SyntheticDocument()
    let count = 100_000
    let mean = try source.add(.float(size: 8, .little), [count], [UInt8](repeating: 0, count: count * 8))
    let yes = source.add(.bool(true))
    let no = source.add(.bool(false))
    let features = source.add(.integer(Int64(count)))
    let steps = (0..<9).map { _ in
      source.add(
        .tuple([
          source.add(.string("s")),
          source.add(
            "sklearn.preprocessing._data", "StandardScaler",
            [("n_features_in_", features), ("with_mean", yes), ("with_std", no), ("mean_", mean)]),
        ]))
    }
    let model = source.add("sklearn.pipeline", "Pipeline", [("steps", source.add(.list(steps)))])
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.shared-arrays")
  }

  @Test func `a pipeline that only passes through is refused`() throws {
    var source = SyntheticDocument()
    let step = source.add(.tuple([source.add(.string("nothing")), source.add(.string("passthrough"))]))
    let steps = source.add(.list([step]))
    let model = source.add("sklearn.pipeline", "Pipeline", [("steps", steps)])
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.no-estimator")
    #expect(
      problem?.message == "expected a pipeline with a step that computes, found none at Pipeline")
  }

  @Test func `what is no estimator is refused`() throws {
    var source = SyntheticDocument()
    let model = source.add(.list([]))
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(
      problem?.message == "expected an estimator that can be lifted, found a list of 0 as the model")
  }
}
