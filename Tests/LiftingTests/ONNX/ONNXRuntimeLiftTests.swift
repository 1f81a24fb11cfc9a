import Artifacts
import Domain
import Lifting
import ModelGraph
import TestKit
import Testing

/// Models of ONNX that are beyond our own operators, for an engine to run.
@Suite struct ONNXRuntimeLiftTests {
  /// A model of neighbours with `Loop` in the place of its `Scan`.
  private static func neighbors() throws -> ArraySlice<UInt8> {
    var bytes = try Fixtures.bytes("onnx/onnx/onnx-estimators-neighbors-double/model.onnx")
    // Behind the number of the field of operators, and their length.
    let (old, new) = ([0x22, 4] + Array("Scan".utf8), [0x22, 4] + Array("Loop".utf8))
    let start = try #require(
      (0...(bytes.count - old.count)).first { bytes[$0..<($0 + old.count)].elementsEqual(old) })
    bytes.replaceSubrange(start..<(start + old.count), with: new)
    return bytes[...]
  }

  @Test func `a model that an engine runs is of the framework that policies know`() throws {
    let lifted = try Lifter.lift(.onnx(try Self.neighbors()), engine: .onnxRuntime)
    #expect(lifted.graph.needsONNXRuntime)
    #expect(lifted.framework == "onnx")
  }

  @Test func `a model that an engine would run is refused with its name in the hint`() throws {
    let model = try Self.neighbors()
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.onnx(model)) }
    #expect(problem?.code == "lift.unsupported-operator")
    #expect(problem?.hint?.hasPrefix("let ONNX Runtime run the model: --engine onnxruntime; or use ") == true)
  }
}
