import Artifacts
import Domain
import Inference
import Lifting
import ModelGraph
import TestKit
import Testing

/// Models of ONNX that are not lifted, or not even models.
@Suite struct ONNXRefusalTests {
  private static func model(_ name: String) throws -> [UInt8] {
    try Fixtures.bytes("onnx/onnx/\(name)/model.onnx")
  }

  /// The bytes with one text in the place of another of the same length.
  private static func replacing(_ text: String, by other: String, in bytes: [UInt8]) throws -> [UInt8] {
    let (old, new) = (Array(text.utf8), Array(other.utf8))
    try #require(old.count == new.count)
    var bytes = bytes
    let start = try #require(
      (0...(bytes.count - old.count)).first { bytes[$0..<($0 + old.count)].elementsEqual(old) })
    bytes.replaceSubrange(start..<(start + old.count), with: new)
    return bytes
  }

  private static func problem(_ bytes: [UInt8]) -> Problem? {
    do throws(Problem) {
      _ = try Lifter.lift(.onnx(bytes[...]))
      return nil
    } catch {
      return error
    }
  }

  @Test func `an operator that is not known is refused by name, with its domain and version`() throws {
    let bytes = try Self.replacing("Softmax", by: "Softmix", in: try Self.model("onnx-operators-network"))
    let problem = try #require(Self.problem(bytes))
    #expect(problem.category == .refused)
    #expect(problem.code == "lift.unsupported-operator")
    #expect(
      problem.message
        == "expected an operator that can be lifted, found 'Softmix' of the domain 'ai.onnx' of version 17 at node ''"
    )
    #expect(problem.hint?.contains("Softmax") == true)
  }

  @Test func `an attribute that nothing asks for is refused`() throws {
    let bytes = try Self.replacing(
      "nodes_hitrates", by: "nodes_hitsongs", in: try Self.model("onnx-operators-trees-mixed-1"))
    let problem = try #require(Self.problem(bytes))
    #expect(problem.code == "lift.unexpected-attribute")
    #expect(problem.message.contains("'nodes_hitsongs'"))
  }

  @Test func `a mode of tree nodes that is not known is refused`() throws {
    let bytes = try Self.replacing(
      "BRANCH_GTE", by: "BRANCH_GXE", in: try Self.model("onnx-operators-trees-mixed-1"))
    #expect(Self.problem(bytes)?.message.contains("'BRANCH_GXE'") == true)
  }

  @Test func `bytes that are no model are refused`() {
    for bytes in [[], [0x08], [0x08, 0x08], [UInt8](repeating: 0xFF, count: 64)] {
      #expect(Self.problem(bytes)?.code == "lift.malformed-model", "\(bytes.prefix(4))")
    }
  }

  @Test(arguments: [
    "onnx-estimators-encoded-frame", "onnx-estimators-forest", "onnx-estimators-logistic-strings",
    "onnx-estimators-mlp", "onnx-operators-network", "onnx-operators-trees-mixed-1",
  ])
  func `changed bytes are lifted to a graph that runs, or refused`(_ name: String) throws {
    let original = try Self.model(name)
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 3))
        default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
        if bytes.isEmpty { break }
      }
      guard let lifted = try? Lifter.lift(.onnx(bytes[...])) else { continue }
      let features = lifted.graph.signature.features
      let rows = Rows(
        values: [Double](repeating: 1.5, count: 2 * features.count), rowCount: 2, featureCount: features.count
      )
      guard features.texts.isEmpty, features.count < 1_000 else { continue }
      _ = try? ExecutionPlan(lifted.graph).run(lifted.graph.signature.methods, on: rows)
    }
  }
}
