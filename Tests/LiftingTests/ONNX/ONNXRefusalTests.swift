import Artifacts
import Domain
import Encoding
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

  /// A Reshape to what comes of Shape, Gather and an Add of a constant.
  @Test(arguments: [
    // One size, and a constant of no numbers.
    ("08083aa6010a0d0a0178120173220553686170650a1f0a01730a01671202733122064761746865722a0b0a0461786973"
      + "1800a001020a100a0273310a016b1202733222034164640a130a01780a02733212017922075265736861706512037472"
      + "312a11080110074201674a0801000000000000002a090800100742016b4a005a140a0178120f0a0d080112090a031201"
      + "4e0a02080462140a0179120f0a0d080112090a0312014e0a02080442040a001011"),
    // No size, and a constant of one number.
    ("08083aa6010a0d0a0178120173220553686170650a1f0a01730a01671202733122064761746865722a0b0a0461786973"
      + "1800a001020a100a0273310a016b1202733222034164640a130a01780a02733212017922075265736861706512037472"
      + "322a09080010074201674a002a110801100742016b4a0801000000000000005a140a0178120f0a0d080112090a031201"
      + "4e0a02080462140a0179120f0a0d080112090a0312014e0a02080442040a001011"),
  ])
  func `arithmetic of one size with none, and of none with one, is no size`(_ digits: String) throws {
    let bytes = try #require(Hexadecimal.decode(digits))
    let problem = try #require(Self.problem(bytes))
    #expect(problem.code == "lift.unsupported-shape")
  }

  /// GatherElements of whole numbers, at places that come with the rows.
  @Test func `a place outside of what is picked from is refused when it comes`() throws {
    let bytes = try #require(
      Hexadecimal.decode(
        "08083a720a260a01780a0169120179220e476174686572456c656d656e74732a0b0a04617869731801a0010212066765"
          + "5f696e745a140a0178120f0a0d080712090a0312014e0a0208035a140a0169120f0a0d080712090a0312014e0a020802"
          + "62140a0179120f0a0d080712090a0312014e0a02080242040a001011"
      ))
    let lifted = try Lifter.lift(.onnx(bytes[...]))
    let plan = ExecutionPlan(lifted.graph)
    let count = lifted.graph.signature.features.count
    func pick(_ place: Double) throws(Problem) -> [PredictionMethod: [Tensor]] {
      let values = (0..<count).map { $0 < 3 ? Double($0 + 4) : place }
      return try plan.run(plan.signature.methods, on: Rows(values: values, rowCount: 1, featureCount: count))
    }
    #expect(throws: Never.self) { try pick(-1) }
    let problem = #expect(throws: Problem.self) { try pick(-9) }
    #expect(problem?.code == "predict.no-such-place")
  }

  /// A tree of two leaves of 4 and 7, each named three times, as skl2onnx does for `decision_leaf`.
  private static let repeatedLeaves = Hexadecimal.decode(
    "08063ad3030aa7030a0178120179221554726565456e73656d626c65526567726573736f722a100a096e5f7461726765"
      + "74731801a001022a1d0a126e6f6465735f66616c73656e6f6465696473400240004000a001072a1b0a106e6f6465735f"
      + "66656174757265696473400040004000a001072a280a0b6e6f6465735f6d6f6465734a0a4252414e43485f4c45514a04"
      + "4c4541464a044c454146a001082a180a0d6e6f6465735f6e6f6465696473400040014002a001072a180a0d6e6f646573"
      + "5f74726565696473400040004000a001072a1c0a116e6f6465735f747275656e6f6465696473400140004000a001072a"
      + "200a0c6e6f6465735f76616c7565733d0000803f3d000000003d00000000a001062a1b0a0a7461726765745f69647340"
      + "0040004000400040004000a001072a1f0a0e7461726765745f6e6f6465696473400140014001400240024002a001072a"
      + "1f0a0e7461726765745f74726565696473400040004000400040004000a001072a310a0e7461726765745f7765696768"
      + "74733d000080403d000080403d000080403d0000e0403d0000e0403d0000e040a001063a0a61692e6f6e6e782e6d6c12"
      + "01675a110a0178120c0a0a080112060a000a02080162110a0179120c0a0a080112060a000a02080142040a00100b420e"
      + "0a0a61692e6f6e6e782e6d6c1001")

  @Test func `a leaf's one value counts once, however often it is named`() throws {
    let bytes = try #require(Self.repeatedLeaves)
    let plan = ExecutionPlan(try Lifter.lift(.onnx(bytes[...])).graph)
    let answer = try plan.run([.predict], on: Rows(values: [0, 2], rowCount: 2, featureCount: 1))
    // As ONNX Runtime 1.31.1 answers.
    #expect(answer[.predict]?.first?.elements == .float32([4, 7]))
  }

  @Test func `values of a leaf that contradict each other are refused`() throws {
    var bytes = try #require(Self.repeatedLeaves)
    let seven = unsafe withUnsafeBytes(of: Float(7).bitPattern.littleEndian) { unsafe Array($0) }
    let place = try #require(bytes.indices.dropLast(3).last { bytes[$0..<($0 + 4)].elementsEqual(seven) })
    bytes[place + 2] ^= 0x20
    #expect(Self.problem(bytes)?.code == "lift.malformed-trees")
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
