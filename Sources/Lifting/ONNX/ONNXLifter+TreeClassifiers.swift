import Artifacts
import Domain
import Encoding
import ModelGraph

// What trees vote for.
extension ONNXLifter {
  mutating func treeClassifier() throws(Problem) -> [ONNXValue] {
    let x = try treeInput()
    let labels = try labels("classlabels_strings", "classlabels_int64s")
    let count = labels.elements.count
    let transform = try transform()
    let packer = try namedTrees("class", targets: count, features: x.columns, isSingle: x.kind != .float64)
    let base = try weights("base_values") ?? []
    let aggregate: TreeEnsemble.Aggregate = x.kind == .float64 ? .sum : .sumOfSingles
    if count == 2, packer.usedTargets.count == 1 {
      return try binaryClassifier(packer, labels, base: base, transform, aggregate, on: x)
    }
    guard base.isEmpty || (base.count == count && count > 2) else {
      throw refusal(
        "unexpected-attribute", "a base value for each of \(count) classes, more than two", "\(base.count)")
    }
    var scores = try scores(of: packer, aggregate, on: x)
    if !base.isEmpty { scores = try adding(base, to: scores) }
    let index: GraphValue
    if count == 2 {
      // With scores for both classes the runtime asks the sign of the second alone, and gives the number 0 or 1.
      guard labels.elements == .int64([0, 1]) || labels.elements.datatype == .string else {
        throw refusal(
          "unexpected-attribute", "the labels 0 and 1 where both of two classes have scores", "others")
      }
      let second = try apply(Columns([1]), to: [scores.value], named: "second")
      index = try apply(Positive(), to: [second], named: "index")
    } else {
      guard count > 2 else { throw refusal("unexpected-attribute", "two classes or more", "\(count)") }
      guard !base.isEmpty || packer.scoresAlwaysTell else {
        throw refusal("malformed-trees", "a score for each class, or scores above 0", "others")
      }
      index = try apply(ArgMax(), to: [scores.value], named: "index")
    }
    let probabilities = try cast(try applied(transform, to: scores), to: .float32)
    return [.batch(try label(labels, at: index)), .batch(probabilities)]
  }

  /// Two classes with scores for one: the score decides against a half where no leaf is below 0, else against 0.
  private mutating func binaryClassifier(
    _ packer: ONNXTreePacker, _ labels: Tensor, base: [Double], _ transform: Transform,
    _ aggregate: TreeEnsemble.Aggregate, on x: ONNXBatch
  ) throws(Problem) -> [ONNXValue] {
    let isFirst = packer.usedTargets == [0]
    guard base.count <= (isFirst ? 1 : 0) else {
      throw refusal("unexpected-attribute", "at most one base value for one score", "\(base.count)")
    }
    var all = try scores(of: packer, aggregate, on: x)
    all.value = try apply(Columns([isFirst ? 0 : 1]), to: [all.value], named: "score")
    all.shape = [1, 1]
    if !base.isEmpty { all = try adding(base, to: all) }
    let isPositive = packer.isNeverNegative
    let index = try apply(Positive(threshold: isPositive ? 0.5 : 0), to: [all.value], named: "index")
    let label = try label(labels, at: index)
    var pair = all.reshaped([1, 2], rowAxis: 0)
    if !isFirst {
      // The other class has the score 0, and both are transformed.
      let zero = try with(0, .multiply, all)
      pair.value = try apply(Concat(), to: [zero.value, all.value], named: "scores")
      return [.batch(label), .batch(try cast(try applied(transform, to: pair), to: .float32))]
    }
    switch (transform, isPositive) {
    case (.logistic, _):
      pair.value = try apply(Mirror(), to: [all.value], named: "pair")
      pair = try map(.logistic, pair)
      if isPositive {
        // Scores that are probabilities are not put through the curve twice by any library that exports them,
        // but the runtime does so for both signs alike.
        break
      }
    case (.none, true), (.softmax, true), (.softmaxZero, true):
      pair.value = try apply(Complement(), to: [all.value], named: "pair")
      pair = try rounded(pair)
    case (.none, false), (.softmax, false), (.softmaxZero, false):
      pair.value = try apply(Mirror(), to: [all.value], named: "pair")
    case (.probit, _): throw unsupportedTransform(transform)
    }
    return [.batch(label), .batch(try cast(pair, to: .float32))]
  }
}
