import Artifacts
import Foundation
import Inference
import Lifting
import ModelGraph

/// A model of the benchmark, ready to be asked, with the rows to ask it about.
struct Model {
  let plan: ExecutionPlan
  private let values: [Double]
  private let featureCount: Int
  private let rowCount: Int

  /// Lifts `model.joblib` of a folder and reads its `input.npy`.
  init(_ folder: String) throws {
    let bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/model.joblib")))
    guard let document = PickleReading.read(bytes[...]).document else {
      throw Failure("expected a pickle in \(folder)/model.joblib, found another file")
    }
    self.plan = ExecutionPlan(try Lifter.lift(.pickle(document)).graph)
    let input = Array(try Data(contentsOf: URL(filePath: "\(folder)/input.npy")))
    let array = try NumPyFile.read(input[...])
    guard let numbers = array.items?.doubles(), array.shape.count == 2 else {
      throw Failure("expected rows of numbers in \(folder)/input.npy, found others")
    }
    self.values = array.rowMajor(numbers)
    (self.rowCount, self.featureCount) = (array.shape[0], array.shape[1])
  }

  /// Requests of so many rows, others each, up to 64 of them.
  func requests(of count: Int) -> [Rows] {
    let size = min(count, rowCount)
    return (0..<min(64, rowCount / size)).map { request in
      let first = request * size * featureCount
      return Rows(
        values: Array(values[first..<(first + size * featureCount)]), rowCount: size,
        featureCount: featureCount)
    }
  }
}

/// What went wrong, in a sentence.
struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
