import Artifacts
import Domain
import Encoding
import ModelGraph

/// Where a selector finds how much features count: the estimator that its getter leads to, and what it takes there.
struct ImportanceSource {
  /// The estimator.
  let inner: PickleView
  private let takesCoefficients: Bool
  private let takesImportances: Bool

  /// Follows `importance_getter`, which is 'auto' or a path of attributes.
  init(of inner: PickleView, for estimator: Estimator) throws(Problem) {
    let getter = estimator.view.attributeIfPresent("importance_getter")
    guard let getter, getter.text != "auto" else {
      self.inner = inner.unfrozen
      (takesCoefficients, takesImportances) = (true, true)
      return
    }
    var names = (getter.text ?? "").split(separator: ".", omittingEmptySubsequences: false)
    let last = names.popLast()
    guard let last, ["coef_", "feature_importances_"].contains(last) else {
      throw Self.unsupported(getter, for: estimator)
    }
    var found = inner.unfrozen
    var next = names.makeIterator()
    while let name = next.next() {
      let member: PickleView?
      if name == "named_steps", let step = next.next() {
        member = try found.pipelineStep(String(step))
      } else {
        member = Self.members.contains(name) ? found.attributeIfPresent(String(name)) : nil
      }
      guard let member, member.object != nil else { throw Self.unsupported(getter, for: estimator) }
      found = member.unfrozen
    }
    self.inner = found
    (takesCoefficients, takesImportances) = (last == "coef_", last != "coef_")
  }

  /// The attributes under which an estimator keeps another that it has fitted.
  private static let members: Set<Substring> = [
    "best_estimator_", "estimator_", "final_estimator_", "regressor_", "base_estimator_",
  ]

  private static func unsupported(_ getter: PickleView, for estimator: Estimator) -> Problem {
    estimator.unsupported(
      "importance_getter", getter.text.map { "'\($0.excerpt(40))'" } ?? getter.description,
      hint: "use 'auto', 'coef_', 'feature_importances_', or such a path as 'named_steps.clf.coef_' or"
        + " 'best_estimator_.coef_'")
  }

  /// What the trees gain by each feature; nil where there are none, or they are not what is taken.
  func treeImportances(
    for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double]? {
    guard takesImportances else { return nil }
    if let trees = try TreeImportances.of(inner, &builder) { return trees }
    let holder = Estimator(inner, name: inner.object?.type.name ?? "", depth: estimator.depth + 1)
    return try holder.lightGBMImportances(&builder)
  }
}

// MARK: - Coefficients

extension ImportanceSource {
  /// How large the coefficients of each feature are; nil where there are none, or they are not what is taken.
  func coefficients(
    for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double]? {
    guard takesCoefficients else { return nil }
    if let view = inner.attributeIfPresent("coef_") {
      guard case .array(let array) = view.value, 1...2 ~= array.shape.count else {
        throw view.unexpected("an array of coefficients")
      }
      let (elements, shape) = try view.numbers(axes: array.shape.count)
      guard shape.count == 2 else { return elements.map { abs($0) } }
      // Without a row its columns take no memory, however many they are.
      guard shape[0] > 0 else { throw view.unexpected("an array of coefficients of one output or more") }
      var norm = try ColumnNorm(estimator, columns: shape[1])
      for row in 0..<shape[0] { norm.add(elements[(row * shape[1])..<((row + 1) * shape[1])]) }
      return norm.values
    }
    return try supportVectorCoefficients(for: estimator, &builder)
  }

  /// Those of a support vector machine with a linear kernel: a row for each pair of classes, or one.
  ///
  /// Source: `_one_vs_one_coef` of scikit-learn.
  private func supportVectorCoefficients(
    for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double]? {
    guard let type = inner.object?.type, type.module == "sklearn.svm._classes",
      ["SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM"].contains(type.name),
      inner.attributeIfPresent("kernel")?.text == "linear"
    else { return nil }
    let vectors = try inner.fittedAttribute("support_vectors_").matrix(&builder)
    let attribute = try inner.fittedAttribute("_dual_coef_")
    let dual = try attribute.matrix(&builder)
    let (products, overflow) = (dual.elements.count).multipliedReportingOverflow(by: vectors.columns)
    guard dual.rows > 0, vectors.rows > 0, dual.columns == vectors.rows, !overflow, products <= 1 << 32 else {
      throw attribute.unexpected("coefficients of \(vectors.rows) support vectors")
    }
    var norm = try ColumnNorm(estimator, columns: vectors.columns)
    var sum = [Double](repeating: 0, count: vectors.columns)
    func add(_ coefficients: Int, _ range: Range<Int>) {
      for vector in range {
        let factor = dual.elements[coefficients * dual.columns + vector]
        for column in sum.indices {
          sum[column].addProduct(factor, vectors.elements[vector * vectors.columns + column])
        }
      }
    }
    guard dual.rows > 1 else {
      add(0, 0..<vectors.rows)
      norm.add(sum[...])
      return norm.values
    }
    let counts = try inner.fittedAttribute("_n_support").indices(atMost: vectors.rows)
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + count) }
    guard counts.count == dual.rows + 1, starts.last == vectors.rows else {
      throw attribute.unexpected("coefficients of \(vectors.rows) support vectors of each class")
    }
    for first in counts.indices {
      for second in counts.indices.dropFirst(first + 1) {
        for column in sum.indices { sum[column] = 0 }
        add(second - 1, starts[first]..<starts[first + 1])
        add(first, starts[second]..<starts[second + 1])
        norm.add(sum[...])
      }
    }
    return norm.values
  }
}

/// The norm of each column, row by row: `numpy.linalg.norm(coefficients, axis=0, ord=norm_order)`.
private struct ColumnNorm {
  private enum Order {
    case absolute
    case euclidean
    case greatest
  }

  private let order: Order
  private var sums: [Double]

  init(_ estimator: Estimator, columns: Int) throws(Problem) {
    let attribute = try estimator.view.attribute("norm_order")
    switch try attribute.number() {
    case 1: order = .absolute
    case 2: order = .euclidean
    case .infinity: order = .greatest
    case let other:
      throw estimator.unsupported("norm_order", "\(other)", hint: "use 1, 2 or inf")
    }
    sums = [Double](repeating: 0, count: columns)
  }

  mutating func add(_ row: ArraySlice<Double>) {
    for (column, number) in row.enumerated() {
      switch order {
      case .absolute: sums[column] += abs(number)
      case .euclidean: sums[column] += number * number
      case .greatest: sums[column] = .maximum(sums[column], abs(number))
      }
    }
  }

  var values: [Double] { order == .euclidean ? sums.map { $0.squareRoot() } : sums }
}

extension PickleView {
  /// What a FrozenEstimator holds, which answers in its place; else the same.
  var unfrozen: PickleView {
    guard object?.type == .sklearn("frozen._frozen", "FrozenEstimator") else { return self }
    return attributeIfPresent("estimator") ?? self
  }

  /// The step of that name of a Pipeline.
  fileprivate func pipelineStep(_ name: String) throws(Problem) -> PickleView? {
    guard object?.type == .sklearn("pipeline", "Pipeline") else { return nil }
    for step in try attribute("steps").elements() {
      let pair = try step.elements()
      if pair.count == 2, let own = pair[0].text, own.utf8.elementsEqual(name.utf8) { return pair[1] }
    }
    return nil
  }
}
