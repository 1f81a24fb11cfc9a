import Domain
import Inference
import ModelGraph
import Provenance

extension ServedModel {
  /// How many steps all cases of a version may take together, a few seconds.
  private static let mostSteps = 1 << 30

  /// Rows to ask another process about, and what this one answers: requests where their rows may be kept and there were any,
  /// else the rows of the bundle's own check.
  ///
  /// What a caller was answered stands for itself; what nobody asked for is asked of the plan now. So a process whose memory
  /// went bad meanwhile does not vouch for what it says now.
  func sample(keepingRows: Bool) -> ReplaySample {
    var kept: [Reservoir.Kept] = []
    if keepingRows { kept = reservoir.kept } else { reservoir.clear() }
    let source: ReplaySample.Source = kept.isEmpty ? .selfCheck : .reservoir
    if kept.isEmpty { kept = checkRows.map { Reservoir.Kept(rows: $0, answers: [:]) } }
    var cases: [ReplayCase] = []
    var (steps, values) = (0, 0)
    for one in kept.prefix(ReplaySample.mostCases) {
      steps += plan.steps(of: methods, on: one.rows)
      values += one.rows.numbers.count + one.rows.texts.count
      guard steps <= Self.mostSteps, values <= ReplaySample.mostValues else { break }
      cases.append(
        ReplayCase(
          numbers: one.rows.numbers, texts: one.rows.texts, rowCount: one.rows.rowCount,
          featureCount: one.rows.featureCount,
          answers: answers(to: one.rows).merging(one.answers) { $1 }))
    }
    return ReplaySample(version: reference, bundle: bundle, source: source, cases: cases)
  }

  /// What this process answers to the rows of a sample, case by case; throws `replay.malformed` for rows of another model.
  func answers(to sample: ReplaySample) throws(Problem) -> [[String: Digest]] {
    let features = signature.features
    var answers: [[String: Digest]] = []
    var steps = 0
    for (index, each) in sample.cases.enumerated() {
      // A kernel takes it that rows are as long as they say.
      guard each.numbers.count >= each.rowCount * features.numberCount,
        each.texts.count >= each.rowCount * features.texts.count
      else {
        throw Problem(
          .badInput, "replay.malformed", "expected rows of \(features.count) features, found shorter ones",
          position: "/cases/\(index)")
      }
      let rows = Rows(
        numbers: each.numbers, texts: each.texts, rowCount: each.rowCount, featureCount: each.featureCount)
      steps += plan.steps(of: methods, on: rows)
      guard steps <= 2 * Self.mostSteps else {
        throw Problem(.tooLarge, "replay.too-much-work", "expected rows of less work, found more")
      }
      answers.append(self.answers(to: rows))
    }
    return answers
  }

  /// The digests of what every method answers; of its refusal where it refuses.
  private func answers(to rows: Rows) -> [String: Digest] {
    var answers: [String: Digest] = [:]
    for output in signature.outputs {
      do throws(Problem) {
        let tensors = try plan.run([output.method], on: rows, isCancelled: { false })
        answers.merge(digests(of: tensors)) { $1 }
      } catch {
        let refusal = Digest(of: Array("refused: \(error.code)".utf8))
        for port in output.ports { answers[port.name] = refusal }
      }
    }
    return answers
  }

  /// The digests of the exact bits of outputs, by their names.
  func digests(of answers: [PredictionMethod: [Tensor]]) -> [String: Digest] {
    var digests: [String: Digest] = [:]
    for output in signature.outputs {
      for (port, tensor) in zip(output.ports, answers[output.method] ?? []) {
        digests[port.name] = tensor.bitDigest
      }
    }
    return digests
  }
}

extension Tensor {
  /// A digest of datatype, shape and the exact bits of the elements; every NaN is one and the same.
  fileprivate var bitDigest: Digest {
    var bytes = Array("\(elements.datatype.rawValue) \(shape)\n".utf8)
    func append(_ word: UInt64) {
      for shift in stride(from: 0, to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    switch elements {
    case .bool(let elements): for element in elements { bytes.append(element ? 1 : 0) }
    case .int32(let elements): for element in elements { append(UInt64(bitPattern: Int64(element))) }
    case .int64(let elements): for element in elements { append(UInt64(bitPattern: element)) }
    case .float32(let elements):
      for element in elements { append(UInt64((element.isNaN ? Float.nan : element).bitPattern)) }
    case .float64(let elements):
      for element in elements { append((element.isNaN ? Double.nan : element).bitPattern) }
    case .string(let elements):
      for element in elements {
        append(UInt64(element.utf8.count))
        bytes += element.utf8
      }
    }
    return Digest(of: bytes)
  }
}
