import Artifacts
import Domain
import Encoding
import Lifting
import ModelGraph
import Testing

/// Sparse coefficients and kernels that no library writes: what is wrong with them is said, and nothing traps.
@Suite struct KernelLiftTests {
  private static func numbers(_ values: [Double], in source: inout SyntheticDocument) throws -> ValueID {
    try source.add(
      .float(size: 8, .little), [values.count], values.flatMap { $0.bitPattern.littleEndianBytes })
  }

  private static func indices(_ values: [Int32], in source: inout SyntheticDocument) throws -> ValueID {
    try source.add(.integer(size: 4, .little), [values.count], values.flatMap { $0.littleEndianBytes })
  }

  /// The coefficients of a regression over three features that were turned sparse.
  private static func lifted(
    shape: [Int64], data: [Double], indices: [Int32], starts: [Int32]
  ) throws -> LiftedGraph {
    var source = SyntheticDocument()
    let axes = shape.map { source.add(.integer($0)) }
    let coefficients = source.add(
      "scipy.sparse._csr", "csr_matrix",
      [
        ("_shape", source.add(.tuple(axes))), ("data", try numbers(data, in: &source)),
        ("indices", try Self.indices(indices, in: &source)),
        ("indptr", try Self.indices(starts, in: &source)),
      ])
    let model = source.linearRegression(coefficients, features: 3)
    return try Lifter.lift(try source.document(root: model))
  }

  private static func code(_ lift: () throws -> LiftedGraph) -> String? {
    do {
      _ = try lift()
      return nil
    } catch {
      return (error as? Problem)?.code
    }
  }

  @Test func `what a sparse row stores twice is added up`() throws {
    let lifted = try Self.lifted(shape: [1, 3], data: [1, 2, 4], indices: [0, 2, 0], starts: [0, 3])
    let linear = lifted.graph.graph.nodes.compactMap { $0.operator as? Linear }.first
    #expect(linear?.coefficients == ConstantMatrix([5, 0, 2], rows: 1, columns: 3))
  }

  @Test func `a sparse matrix that would take all memory is refused`() {
    let code = Self.code { try Self.lifted(shape: [1 << 30, 3], data: [], indices: [], starts: [0]) }
    #expect(code == "lift.sparse-size")
  }

  @Test(arguments: [
    ([1, 3], [0, 3], [0, 2]), ([1, 3], [0, 1], [0, 1]), ([1, 3], [0, 1], [1, 2]), ([2, 3], [0, 1], [0, 2]),
    ([1, 3], [0, -1], [0, 2]), ([1, -3], [0, 1], [0, 2]), ([1, 3], [0, 1], [0, 2, 2]),
    ([3], [0, 1], [2, 0]),
  ])
  func `a sparse matrix that contradicts itself is refused`(shape: [Int64], indices: [Int32], starts: [Int32])
  {
    let code = Self.code {
      try Self.lifted(shape: shape, data: [1, 2], indices: indices, starts: starts)
    }
    #expect(code == "lift.unexpected-attribute")
  }

  @Test func `a kernel that is a function, or made beforehand, is refused`() throws {
    for kernel in [PickleValue.global(PickleGlobal(module: "own", name: "kernel")), .string("precomputed")] {
      var source = SyntheticDocument()
      let vectors = try source.add(.float(size: 8, .little), [1, 1], 1.0.bitPattern.littleEndianBytes)
      let labels = try source.add(
        .integer(size: 8, .little), [2], [Int64(0), 1].flatMap { $0.littleEndianBytes })
      let model = source.add(
        "sklearn.svm._classes", "SVC",
        [
          ("n_features_in_", source.add(.integer(1))), ("classes_", labels), ("support_vectors_", vectors),
          ("kernel", source.add(kernel)),
        ])
      let document = try source.document(root: model)
      #expect(Self.code { try Lifter.lift(document) } == "lift.unsupported-parameter")
    }
  }
}
