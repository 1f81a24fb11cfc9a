import Artifacts
import Domain
import Lifting
import ModelGraph
import TestKit
import Testing

/// Loops of ONNX: the one for distances, and what looks like it.
@Suite struct ONNXLoopTests {
  private static func problem(replacing old: [UInt8], by new: [UInt8]) throws -> Problem? {
    var bytes = try Fixtures.bytes("onnx/onnx/onnx-estimators-neighbors-double/model.onnx")
    let start = try #require(
      (0...(bytes.count - old.count)).first { bytes[$0..<($0 + old.count)].elementsEqual(old) })
    bytes.replaceSubrange(start..<(start + old.count), with: new)
    do throws(Problem) {
      _ = try Lifter.lift(.onnx(bytes[...]))
      return nil
    } catch {
      return error
    }
  }

  /// An operator of a node: the number of the field, the length, the name.
  private static func operation(_ name: String) -> [UInt8] { [0x22, UInt8(name.utf8.count)] + name.utf8 }

  @Test(arguments: [("Sub", "Add"), ("Sub", "Mul"), ("ReduceSumSquare", "ReduceLogSumExp")])
  func `a loop for anything but distances is refused`(_ old: String, _ new: String) throws {
    let problem = try Self.problem(replacing: Self.operation(old), by: Self.operation(new))
    #expect(problem?.code == "lift.unsupported-loop")
    #expect(problem?.message.contains("expected distances to constant points") == true)
  }

  @Test func `a loop that copies what it copies is refused`() throws {
    // The rows that go on are what goes on: `next_in` as output of its own copy.
    let copy = Array("next_in".utf8) + [0x12, 8] + Array("next_out".utf8)
    let round = Array("next_ou".utf8) + [0x12, 8] + Array("next_out".utf8)
    #expect(try Self.problem(replacing: copy, by: round)?.code == "lift.unsupported-loop")
  }
}
