import Artifacts
import Domain

/// An estimator that another one holds, as it is and as it was lifted.
struct EnsembleMember {
  /// Where it is.
  let view: PickleView
  /// What it answers.
  let lifted: LiftedEstimator
}

extension Estimator {
  /// The estimators of a list, each lifted on the same columns.
  func members(
    _ attribute: String, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> [EnsembleMember] {
    let list = try view.fittedAttribute(attribute)
    let elements = try list.elements()
    guard !elements.isEmpty else { throw list.unexpected("a list of estimators") }
    var members: [EnsembleMember] = []
    for (index, element) in elements.enumerated() {
      let lifted = try lift(element, label: ".\(attribute)[\(index)]", input, &builder)
      members.append(EnsembleMember(view: element, lifted: lifted))
    }
    return members
  }
}
