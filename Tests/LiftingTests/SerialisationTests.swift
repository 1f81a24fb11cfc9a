import Domain
import Foundation
import Inference
import Lifting
import ModelGraph
import Testing

@Suite struct SerialisationTests {
  @Test(arguments: ModelFixture.all(in: "serialisations"))
  func `every way to write a model down lifts to the same graph`(_ fixture: ModelFixture) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path)
      .filter { $0.hasPrefix("model-") }.sorted()
    let reference = try fixture.lifted("model-p5.pkl").graph.graph
    var lifted = 0
    for file in files {
      // Compressions that are not read yet are Inspection's to refuse.
      guard let document = try fixture.documentIfReadable(file) else { continue }
      #expect(try Lifter.lift(document).graph.graph == reference, "\(file)")
      lifted += 1
    }
    // Pickle and joblib, six protocols each, and joblib's zlib and gzip.
    #expect(lifted >= 14, "\(files)")
  }

  @Test func `there are models to read`() {
    #expect(ModelFixture.all(in: "serialisations").count >= 4)
  }
}

/// Where NaN is taken depends on the estimator and on the version that wrote it.
@Suite struct MissingValueTests {
  private static func answersNaN(_ name: String) throws -> Bool {
    let lifted = try ModelFixture("models/\(name)").lifted()
    let count = lifted.graph.signature.featureCount
    let row = Rows(
      values: [.nan] + [Double](repeating: 1, count: count - 1), rowCount: 1, featureCount: count)
    do {
      _ = try ExecutionPlan(lifted.graph).run([lifted.graph.signature.methods[0]], on: row)
      return true
    } catch {
      #expect(error.code == "predict.not-finite")
      return false
    }
  }

  @Test(arguments: [
    ("sklearn-1.2/iris-tree", false), ("sklearn-1.9/iris-tree", true),
    ("sklearn-1.2/iris-random-forest", false), ("sklearn-1.9/iris-random-forest", true),
    ("sklearn-1.2/iris-logistic", false), ("sklearn-1.9/iris-logistic", false),
    ("sklearn-1.2/diabetes-linear", false), ("sklearn-1.9/diabetes-linear", false),
    ("sklearn-1.2/standard-scaler", true), ("sklearn-1.9/standard-scaler", true),
    ("sklearn-1.2/pipeline-scaler-forest", false), ("sklearn-1.9/pipeline-scaler-forest", true),
  ])
  func `NaN is taken just where the library takes it`(name: String, isTaken: Bool) throws {
    #expect(try Self.answersNaN(name) == isTaken)
  }
}
