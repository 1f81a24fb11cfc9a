import Artifacts
import Domain
import Encoding
import Inference
import Inspection
import Lifting
import ModelGraph
import TestKit
import Testing

/// Real artifacts with single bytes changed: whoever crafts a tree gets a reason, not a crash.
@Suite struct CraftedTreeTests {
  /// The artifact of a tree and where its array of nodes lies.
  private struct Crafted {
    var bytes: [UInt8]
    let nodes: Int
    let nodeSize: Int
    let nodeCount: Int

    init(_ name: String) throws {
      let fixture = ModelFixture(name)
      bytes = try fixture.bytes("model.joblib")
      let arrays = try fixture.document().values.compactMap { value -> NumPyArray? in
        guard case .array(let array) = value, case .structured = array.type else { return nil }
        return array
      }
      let array = try #require(arrays.first)
      guard case .bytes(let slice) = array.storage else { throw Problem(.badInput, "test.array", "objects") }
      // An artifact that is not compressed is not copied: the slice lies where it lies in the file.
      nodes = slice.startIndex
      nodeSize = array.type.itemSize
      nodeCount = array.count
    }

    /// Overwrites 8 bytes of a node: the left child at 0, the right at 8, the feature at 16, the threshold
    /// at 24.
    mutating func set(_ offset: Int, of node: Int, to value: UInt64) {
      let start = nodes + node * nodeSize + offset
      bytes.replaceSubrange(start..<(start + 8), with: value.littleEndianBytes)
    }

    func lift() throws -> LiftedGraph {
      let report = Inspector.inspect(
        Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: "crafted")
      return try Lifter.lift(try #require(report.source))
    }
  }

  private static let names = ["models/sklearn-1.2/iris-tree", "models/sklearn-1.9/iris-tree"]

  private static func expectRefusal(
    of crafted: Crafted, _ expected: String, found: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let problem = #expect(throws: Problem.self, sourceLocation: sourceLocation) { try crafted.lift() }
    #expect(problem?.code == "graph.tree", sourceLocation: sourceLocation)
    #expect(
      problem?.message == "expected \(expected) in 'leaf', found \(found)", sourceLocation: sourceLocation)
  }

  @Test(arguments: names)
  func `a tree that leads back to itself is refused`(name: String) throws {
    var crafted = try Crafted(name)
    crafted.set(8, of: 2, to: 0)
    Self.expectRefusal(
      of: crafted, "the children of node 2 of tree 0 to come after it and before node \(crafted.nodeCount)",
      found: "node 0")
  }

  @Test(arguments: names)
  func `a child beyond the nodes is refused`(name: String) throws {
    var crafted = try Crafted(name)
    crafted.set(0, of: 0, to: UInt64(crafted.nodeCount))
    Self.expectRefusal(
      of: crafted, "the children of node 0 of tree 0 to come after it and before node \(crafted.nodeCount)",
      found: "node \(crafted.nodeCount)")
  }

  @Test(arguments: names)
  func `a node that two others lead to is refused`(name: String) throws {
    var crafted = try Crafted(name)
    crafted.set(0, of: 0, to: 2)
    Self.expectRefusal(
      of: crafted, "node 2 of tree 0 to be the child of one node", found: "it to be of node 0 too")
  }

  @Test(arguments: names, [4, UInt64(bitPattern: -1), UInt64(Int64.max)])
  func `a feature that there is not is refused`(name: String, feature: UInt64) throws {
    var crafted = try Crafted(name)
    crafted.set(16, of: 0, to: feature)
    Self.expectRefusal(
      of: crafted, "node 0 of tree 0 to look at a feature from 0 to 3",
      found: "feature \(Int32(clamping: Int64(bitPattern: feature)))")
  }

  @Test(arguments: names)
  func `a threshold that is no number is refused`(name: String) throws {
    var crafted = try Crafted(name)
    crafted.set(24, of: 0, to: Double.nan.bitPattern)
    Self.expectRefusal(of: crafted, "a threshold in node 0 of tree 0", found: "NaN")
  }

  @Test func `a version whose rules are not known is refused`() throws {
    var crafted = try Crafted("models/sklearn-1.9/iris-tree")
    let written = Array("1.9.1".utf8)
    let starts = crafted.bytes.indices.filter { crafted.bytes[$0...].starts(with: written) }
    #expect(!starts.isEmpty)
    for start in starts {
      crafted.bytes.replaceSubrange(start..<(start + written.count), with: Array("0.1.3".utf8))
    }
    let problem = #expect(throws: Problem.self) { try crafted.lift() }
    #expect(problem?.code == "lift.unknown-version")
    #expect(
      problem?.message
        == "expected DecisionTreeClassifier to be written by scikit-learn 0.24 to 1.9, found '0.1.3'")
  }

  @Test(
    arguments: names + ["models/sklearn-1.9/pipeline-scaler-logistic", "models/sklearn-1.2/diabetes-linear"])
  func `whatever byte changes, a model is lifted and answers or is refused`(name: String) throws {
    let fixture = ModelFixture(name)
    let original = try fixture.bytes("model.joblib")
    let rows = try fixture.rows()
    var random = SeededGenerator(seed: 20_261_121)
    var outcomes = (lifted: 0, refused: 0)
    for _ in 0..<150 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let artifact = Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])])
      guard let source = Inspector.inspect(artifact, path: "changed").source else { continue }
      do {
        let lifted = try Lifter.lift(source)
        let plan = ExecutionPlan(lifted.graph)
        _ = try? plan.run(lifted.graph.signature.methods, on: rows)
        outcomes.lifted += 1
      } catch {
        outcomes.refused += 1
      }
    }
    #expect(outcomes.lifted > 0 && outcomes.refused > 0)
  }
}
