import Domain
import ModelGraph

/// Asks a model about rows that were made, and says what of the answers a property looks at.
struct PropertyProbe {
  private let model: TestedModel
  private let columns: FeatureColumns
  private let classes: ClassLabels?
  /// The place of the class that is meant.
  private let place: Int?
  let relation: PropertyClaim.Relation
  private let tolerance: Double

  /// Throws `model-tests.property` where the model has no such class, or no scores to compare.
  init(_ claim: PropertyClaim, of model: TestedModel, _ columns: FeatureColumns) throws(Problem) {
    self.model = model
    self.columns = columns
    relation = claim.relation
    tolerance = claim.tolerance
    classes = try ClassLabels(of: model.signature)
    var place: Int?
    if let classes {
      let isInvariant = if case .invariant = claim.relation { true } else { false }
      if let outcome = claim.outcome {
        guard let found = classes.place(spelled: outcome, number: Double(outcome)) else {
          throw Problem(
            .badInput, "model-tests.property", "expected a class of the model, found '\(outcome)'",
            subject: claim.name, position: "line \(claim.line)",
            hint: "use one of \(classes.names.prefix(20).joined(separator: ", "))")
        }
        place = found
      } else if !isInvariant {
        guard classes.names.count == 2 else {
          throw Problem(
            .badInput, "model-tests.property",
            "expected 'of' with one of the model's \(classes.names.count) classes, found none",
            subject: claim.name, position: "line \(claim.line)")
        }
        place = 1
      }
      guard place == nil || model.methods.count > 1 else {
        throw Problem(
          .refused, "model-tests.property",
          "expected a model with scores of its classes, found one that gives labels alone",
          subject: claim.name, position: "line \(claim.line)")
      }
    } else if let outcome = claim.outcome {
      throw Problem(
        .badInput, "model-tests.property", "expected no class for a model of values, found '\(outcome)'",
        subject: claim.name, position: "line \(claim.line)", hint: "leave 'of' out")
    }
    self.place = place
  }

  /// What the model says to each row; a row that it refuses does not keep others from an answer.
  func answers(to rows: [[Cell]]) throws(Problem) -> [ProbeAnswer] {
    do throws(Problem) { return try numbers(of: rows) } catch {
      guard error.category == .badInput || error.category == .tooLarge else { throw error }
      guard rows.count > 1 else { return [.refused(code: error.code)] }
    }
    var answers: [ProbeAnswer] = []
    for row in rows { answers += try self.answers(to: [row]) }
    return answers
  }

  private func numbers(of rows: [[Cell]]) throws(Problem) -> [ProbeAnswer] {
    let tensors = try model.predict(model.methods, columns.rows(of: rows))
    switch try ModelAnswers(of: model, classes: classes, rows: tensors) {
    case .values(let values): return values.map { .numbers([$0]) }
    case .classes(let answers):
      if let place {
        guard let scores = answers.scores(of: place) else {
          throw Problem(
            .refused, "model-tests.property", "expected scores of each class, found others",
            hint: "leave 'of' out")
        }
        return scores.map { .numbers([$0]) }
      }
      guard let probabilities = answers.probabilities else {
        return answers.predicted.map { .numbers([Double($0)]) }
      }
      return rows.indices.map { row in
        .numbers(Array(probabilities[row * answers.classCount..<(row + 1) * answers.classCount]))
      }
    }
  }

  /// Whether two answers break the property.
  ///
  /// A row that the schema allows and the model refuses breaks it, and so does a number that is none.
  func isBroken(_ base: ProbeAnswer, _ changed: ProbeAnswer) -> Bool {
    guard case .numbers(let base) = base, case .numbers(let changed) = changed, base.count == changed.count
    else { return true }
    return zip(base, changed).contains { before, after in
      switch relation {
      case .invariant: !(abs(after - before) <= tolerance)
      case .increasing: !(after >= before - tolerance)
      case .decreasing: !(after <= before + tolerance)
      }
    }
  }
}
