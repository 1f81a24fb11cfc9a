import Artifacts
import Domain
import ModelGraph

extension XGBoostBooster {
  /// The sums of the trees' leaves and the base scores.
  func trees(
    _ rows: GraphValue, _ reading: Reading, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let isDropping = parameters.booster == "dart"
    let base = try base()
    let count = min(reading.treeLimit ?? forest.count, forest.count)
    guard parameters.groups.count == forest.count, !isDropping || parameters.treeWeights.count == forest.count
    else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to say what its \(forest.count) trees are for"
      )
    }
    guard count > 0 else {
      return try builder.apply(Fill(base.map(Double.init)), to: rows, named: "margin", for: estimator)
    }
    let width = forest[0].leafLength
    guard width == 1 || (width == outputs && !isDropping), forest.allSatisfy({ $0.leafLength == width })
    else {
      throw refuse(
        "unexpected-attribute",
        "expected the leaves of \(estimator.view.path) to have 1 or \(outputs) numbers, found others")
    }
    let (input, columns) = try categoryColumns(rows, trees: forest[..<count], &builder)
    var trees = BoosterTrees(width: width)
    for index in 0..<count {
      let weight = isDropping ? parameters.treeWeights[index] : nil
      // Read in place, a tree that is weighted is first added to the base score, which is then taken off.
      let ground = isDropping && reading.isInPlace ? base[Int(parameters.groups[index])] : nil
      try append(forest[index], index, weight, ground, columns, to: &trees)
    }
    // Up to 1.2 the base score came last, with dropped trees up to 1.3.
    let startsWithBase = isAtLeast(1, isDropping ? 4 : 3)
    let sum = try builder.apply(
      trees.ensemble(
        outputs: outputs, comparesSingles: true, aggregate: .sumOfSingles,
        base: startsWithBase ? base.map(Double.init) : Array(repeating: 0, count: outputs)),
      to: input, named: "margin", for: estimator)
    guard !startsWithBase else { return sum }
    let shifted = try builder.apply(
      Combine(.add, constants: base.map(Double.init)), to: sum, named: "shifted", for: estimator)
    // The sum of two single numbers in double precision, rounded, is their sum in single precision.
    return try builder.apply(MapElements(.float32), to: shifted, named: "margin", for: estimator)
  }

  /// The columns for features that are asked for categories: rounded down, so that what is below 0 stays there,
  /// for a negative number is in no set.
  private func categoryColumns(
    _ rows: GraphValue, trees: ArraySlice<XGBoostNodes>, _ builder: inout GraphBuilder
  ) throws(Problem) -> (GraphValue, [Int: Int]) {
    var features: Set<Int> = []
    for tree in trees {
      for node in tree.categoricalNodes where tree.left[node] >= 0 {
        features.insert(Int(tree.feature[node]))
      }
    }
    guard !features.isEmpty, features.allSatisfy({ $0 < rows.columns }) else { return (rows, [:]) }
    let sorted = features.sorted()
    let chosen = try builder.apply(
      Columns(sorted.map(Int64.init)), to: rows, named: "categories", for: estimator)
    let floored = try builder.apply(MapElements(.floor), to: chosen, named: "categories", for: estimator)
    let joined = try builder.apply(Concat(), to: [rows, floored], named: "joined", for: estimator)
    return (
      joined, Dictionary(uniqueKeysWithValues: zip(sorted, rows.columns..<(rows.columns + sorted.count)))
    )
  }

  private func append(
    _ tree: XGBoostNodes, _ index: Int, _ weight: Float?, _ ground: Float?, _ columns: [Int: Int],
    to trees: inout BoosterTrees
  ) throws(Problem) {
    var sets: [Int: [UInt64]] = [:]
    for (node, range) in zip(tree.categoricalNodes, tree.categoryRanges) where tree.left[node] >= 0 {
      sets[node] = try words(of: tree.categories[range], trees)
    }
    for node in tree.left.indices where tree.left[node] >= 0 && sets[node] == nil {
      guard tree.values[node] > -.infinity else {
        throw refuse(
          "unexpected-attribute",
          "expected a condition above minus infinity at node \(node) of tree \(index) of"
            + " \(estimator.view.path), found \(tree.values[node])")
      }
    }
    func number(_ value: Float) -> Double {
      guard let weight else { return Double(value) }
      guard let ground else { return Double(value * weight) }
      return Double(((value + ground) - ground) * weight)
    }
    trees.append(target: Int(parameters.groups[index]), root: 0) { node in
      let (left, right) = (Int(tree.left[node]), Int(tree.right[node]))
      if left < 0 {
        guard tree.leafLength > 1 else { return .leaf([number(tree.values[node])]) }
        let place = tree.leafPlaces.isEmpty ? 0 : tree.leafPlaces[node]
        return .leaf((place..<(place + tree.leafLength)).map { number(tree.leafVectors[$0]) })
      }
      let feature = Int(tree.feature[node])
      if let set = sets[node] {
        // Those in the set go right in XGBoost.
        return .choice(
          left: right, right: left, feature: columns[feature] ?? feature, words: set,
          missingLeft: !tree.missingLeft[node])
      }
      return .split(
        left: left, right: right, feature: feature, threshold: Double(tree.values[node].nextDown),
        missingLeft: tree.missingLeft[node])
    }
  }

  /// Categories as bits; a high one takes many words, of which there may be some for each byte of the model.
  private func words(
    of categories: ArraySlice<Int32>, _ trees: BoosterTrees
  ) throws(Problem) -> [UInt64] {
    let count = categories.max().map { Int($0) / 64 + 1 } ?? 0
    let limit = wordLimit
    guard categories.min() ?? 0 >= 0, trees.wordCount + count <= limit else {
      throw refuse(
        "too-many-categories",
        "expected the sets of categories of \(estimator.view.path) to take at most \(limit) words, found more"
      )
    }
    var words = [UInt64](repeating: 0, count: count)
    for category in categories { words[Int(category) / 64] |= 1 << UInt64(category % 64) }
    return words
  }
}
