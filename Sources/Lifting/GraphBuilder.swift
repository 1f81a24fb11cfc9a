import Artifacts
import Domain
import ModelGraph

/// Collects the operators and constants of a lift, giving each a name of its own.
struct GraphBuilder {
  private(set) var nodes: [ModelGraph.Node] = []
  private(set) var tensors: [String: Tensor] = [:]
  private var taken: [String: Int] = [ModelGraph.inputName: 1]
  /// How many more elements constants may have.
  private var elementBudget: Int
  /// How many more estimators may be looked at.
  private var estimatorBudget = 4096

  /// Starts a lift of `document`.
  ///
  /// A pickle can name one array many times over, so a small one may describe trees without end. What an
  /// honest model gives never has more elements than its arrays have bytes; nothing beyond that is built.
  init(for document: PickleDocument) {
    var bytes = 1 << 16
    for case .array(let array) in document.values {
      if case .bytes(let slice) = array.storage { bytes += slice.count }
    }
    self.elementBudget = bytes
  }

  /// Applies an operator to a value and gives the name of what it makes.
  mutating func apply(
    _ operation: Operator, to input: String, named name: String, origin: String
  ) -> String {
    let output = unique(name)
    nodes.append(ModelGraph.Node(output: output, input: input, operator: operation, origin: origin))
    return output
  }

  /// Adds a constant and gives its name; whoever makes one of untrusted size has spent its elements.
  mutating func constant(_ name: String, _ tensor: Tensor) -> String {
    let name = unique(name)
    tensors[name] = tensor
    return name
  }

  /// A constant of one axis.
  mutating func constant(_ name: String, _ elements: [Double]) -> String {
    constant(name, Tensor(vector: .float64(elements)))
  }

  /// Takes elements from the budget, before they are made.
  mutating func spend(elements: Int, for view: PickleView) throws(Problem) {
    guard elements <= elementBudget else {
      throw Problem(
        .refused, "lift.shared-arrays",
        "expected arrays of its own at \(view.path), found those that other parts of the model have",
        position: view.position)
    }
    elementBudget -= elements
  }

  /// Counts one estimator.
  mutating func enter(_ view: PickleView, depth: Int) throws(Problem) {
    guard estimatorBudget > 0, depth <= 16 else {
      throw Problem(
        .refused, "lift.too-many-estimators",
        "expected at most 4096 estimators nested 16 deep, found more at \(view.path.suffix(200))",
        position: view.position)
    }
    estimatorBudget -= 1
  }

  private mutating func unique(_ name: String) -> String {
    let count = taken[name, default: 0] + 1
    taken[name] = count
    return count == 1 ? name : "\(name).\(count)"
  }
}
