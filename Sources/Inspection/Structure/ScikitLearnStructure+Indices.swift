import Artifacts

extension ScikitLearnStructure {
  /// Checks a `KDTree` or `BallTree`: a complete binary tree over ranges of an array of row numbers.
  ///
  /// Its state is a tuple: data, indices, nodes, bounds, leaf size, levels, number of nodes, counters, metric.
  mutating func checkNeighbours(_ id: ValueID, _ object: PickleObject) {
    guard let state = object.state, case .tuple(let parts) = document[state], parts.count >= 12,
      let data = values.array(parts[0]), data.shape.count == 2, let indices = values.array(parts[1]),
      let nodes = values.array(parts[2]), nodes.shape.count == 1, let items = nodes.items,
      let bounds = values.array(parts[3]), spend(nodes.count + indices.count, at: id),
      let rows = indices.items?.integers(), let first = items.field("idx_start")?.integers(),
      let end = items.field("idx_end")?.integers(), let isLeaf = items.field("is_leaf")?.integers()
    else { return report(.treeDamage, "expected the parts of a \(object.type.name), found others", at: id) }
    let name = object.type.name
    let count = data.shape[0]
    if let row = rows.first(where: { $0 < 0 || $0 >= count }) {
      return report(
        .indexStructure,
        "expected indices from 0 to \(count - 1) in the idx_array of a \(name), found \(row)",
        at: id)
    }
    // Both bounds of a KDTree, the centre of a BallTree.
    let corners = name.hasPrefix("KD") ? 2 : 1
    guard rows.count == count, bounds.shape == [corners, nodes.count, data.shape[1]],
      values.integer(parts[6]).map({ $0 == nodes.count }) ?? true
    else {
      return report(
        .indexStructure,
        "expected \(count) indices and bounds of shape [\(corners), \(nodes.count), \(data.shape[1])] in a"
          + " \(name), found \(rows.count) and \(bounds.shape.prefix(8))", at: id)
    }
    // Only what is below the root counts: slots that were never filled hold zeros.
    var isReached = [Bool](repeating: false, count: nodes.count)
    if !isReached.isEmpty { isReached[0] = true }
    for node in isReached.indices where isReached[node] {
      guard first[node] >= 0, first[node] <= end[node], end[node] <= count else {
        return report(
          .indexStructure,
          "expected a range within 0 to \(count) at node \(node) of a \(name), found \(first[node]) to"
            + " \(end[node])", at: id)
      }
      guard isLeaf[node] == 0 else { continue }
      guard 2 * node + 2 < nodes.count else {
        return report(
          .indexStructure,
          "expected node \(node) of a \(name) to be a leaf, found children beyond the last node",
          at: id)
      }
      isReached[2 * node + 1] = true
      isReached[2 * node + 2] = true
    }
  }

  /// Checks what libsvm is handed: counts, coefficients and vectors that belong together.
  mutating func checkSupportVectors(_ id: ValueID, _ object: PickleObject) {
    let attributes = values.attributes(of: object)
    // Sparse vectors are no array; their predictor is handed the matrix whole.
    guard let vectors = values.array(attributes["support_vectors_"]), vectors.shape.count == 2,
      let support = values.array(attributes["support_"])
    else { return }
    // A precomputed kernel has no vectors, only their numbers.
    let count = support.count
    if vectors.shape[0] != count, vectors.count > 0 {
      return report(
        .indexStructure,
        "expected \(count) support vectors, as many as support_ names, found \(vectors.shape[0])",
        at: id)
    }
    let coefficients = values.array(attributes["_dual_coef_"])
    if let coefficients, coefficients.shape.count != 2 || coefficients.shape[1] != count {
      return report(
        .indexStructure,
        "expected coefficients for \(count) support vectors, found the shape \(coefficients.shape.prefix(8))",
        at: id)
    }
    guard spend(count, at: id) else { return }
    if let rows = values.elements(attributes["shape_fit_"])?.first.flatMap({ values.integer($0) }),
      let outside = support.items?.integers()?.first(where: { $0 < 0 || $0 >= rows })
    {
      return report(
        .indexStructure, "expected support vectors from 0 to below \(rows), found number \(outside)", at: id)
    }
    if object.type.name.hasSuffix("SVC") {
      checkClasses(id, attributes, vectors: count, rows: coefficients?.shape[0])
    }
  }

  private mutating func checkClasses(
    _ id: ValueID, _ attributes: [String: ValueID], vectors: Int, rows: Int?
  ) {
    guard let counted = values.array(attributes["_n_support"] ?? attributes["n_support_"]),
      spend(counted.count, at: id), let perClass = counted.items?.integers()
    else { return }
    var sum: Int64 = 0
    var isSound = true
    for number in perClass {
      let (next, overflow) = sum.addingReportingOverflow(number)
      if number < 0 || overflow { isSound = false }
      sum = next
    }
    guard isSound, sum == Int64(vectors) else {
      return report(
        .indexStructure,
        "expected _n_support to count \(vectors) support vectors, found \(perClass.prefix(8))",
        at: id)
    }
    let classes = perClass.count
    let pairs = classes.multipliedReportingOverflow(by: max(0, classes - 1))
    let intercepts = values.array(attributes["_intercept_"])?.count
    guard !pairs.overflow, rows.map({ $0 == classes - 1 }) ?? true,
      intercepts.map({ $0 == pairs.partialValue / 2 }) ?? true
    else {
      return report(
        .indexStructure,
        "expected \(classes - 1) rows of coefficients and \(pairs.partialValue / 2) intercepts for \(classes)"
          + " classes, found \(rows ?? 0) and \(intercepts ?? 0)", at: id)
    }
    for name in ["_probA", "_probB", "probA_", "probB_"] {
      guard let scales = values.array(attributes[name]), scales.count > 0,
        scales.count != pairs.partialValue / 2
      else { continue }
      return report(
        .indexStructure,
        "expected none or \(pairs.partialValue / 2) numbers in \(name), found \(scales.count)", at: id)
    }
  }
}
