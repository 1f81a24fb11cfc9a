import Domain
import Lifting
import ModelGraph
import TestKit
import Testing

/// Models of ONNX that are beyond our own operators, for an engine to run.
@Suite struct ONNXRuntimeLiftTests {
  /// A network with `Hardmax` in the place of `Softmax`, which has as many letters.
  private static func network() throws -> ArraySlice<UInt8> {
    var bytes = try Fixtures.bytes("onnx/onnx/onnx-operators-network/model.onnx")
    let (old, new) = (Array("Softmax".utf8), Array("Hardmax".utf8))
    let start = try #require(
      (0...(bytes.count - old.count)).first { bytes[$0..<($0 + old.count)].elementsEqual(old) })
    bytes.replaceSubrange(start..<(start + old.count), with: new)
    return bytes[...]
  }

  @Test func `a model that an engine runs is of the framework that policies know`() throws {
    let lifted = try Lifter.lift(.onnx(try Self.network()), engine: .onnxRuntime)
    #expect(lifted.graph.needsONNXRuntime)
    #expect(lifted.framework == "onnx")
  }

  @Test func `a model that an engine would run is refused with its name in the hint`() throws {
    let network = try Self.network()
    let problem = #expect(throws: Problem.self) { try Lifter.lift(.onnx(network)) }
    #expect(problem?.code == "lift.unsupported-operator")
    #expect(problem?.hint?.hasPrefix("let ONNX Runtime run the model: --engine onnxruntime; or use ") == true)
  }
}
