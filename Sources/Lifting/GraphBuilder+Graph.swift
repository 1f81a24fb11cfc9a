import ModelGraph

extension GraphBuilder {
  /// The features, once everything has been lifted.
  private var features: FeatureList {
    FeatureList(
      form: form, count: featureCount ?? 0, names: featureNames,
      texts: kinds.indices.filter { kinds[$0] == .text }, ignored: kinds.indices.filter { kinds[$0] == nil })
  }

  /// The graph that gives `outputs`: what no output needs is left out.
  func graph(
    outputs: [ModelSignature.Output], results: [PredictionMethod: [String]], classes: [Tensor]
  ) -> ModelGraph {
    let pruned = needed(by: results)
    // Only what is read decides what a feature is.
    var builder = self
    builder.kinds = Array(repeating: nil, count: kinds.count)
    for (index, features) in featureNodes where pruned.contains(index) {
      let isText = nodes[index].inputs == [ModelGraph.textsName]
      for feature in features { builder.kinds[feature] = isText ? .text : .number }
    }
    builder.placeUnread(pruned)
    let nodes = builder.nodes
    let features = builder.features
    let counts = [ModelGraph.inputName: features.numberCount, ModelGraph.textsName: features.texts.count]
    // Where a feature stands among those of its kind: each is of one.
    var places = [Int64](repeating: 0, count: builder.kinds.count)
    for (place, feature) in features.numbers.enumerated() { places[feature] = Int64(place) }
    for (place, feature) in features.texts.enumerated() { places[feature] = Int64(place) }
    let resultNames = Set(results.values.joined())
    var renamed: [String: String] = [:]
    var kept: [ModelGraph.Node] = []
    for (index, node) in nodes.enumerated() where pruned.contains(index) {
      var node = node
      node.inputs = node.inputs.map { renamed[$0] ?? $0 }
      if let features = builder.featureNodes[index], let input = node.inputs.first, let count = counts[input]
      {
        let indices = features.map { places[$0] }
        // All of a kind in order: the input itself. A result has to be the value of an operator.
        if indices.elementsEqual(0..<Int64(count)), !resultNames.contains(node.output) {
          renamed[node.output] = input
          continue
        }
        node.operator = Columns(indices)
      }
      kept.append(node)
    }
    return ModelGraph(
      signature: ModelSignature(features: features, outputs: outputs, classes: classes), nodes: kept,
      results: results)
  }

  /// Gives those who read no feature one that others read, or the first one; where nobody knows of any, rows are
  /// not read at all.
  private mutating func placeUnread(_ needed: Set<Int>) {
    let nodes = unreadNodes.filter { needed.contains($0) }
    guard !nodes.isEmpty else { return }
    if featureCount == nil {
      form = .unread
      declareFeatures(count: 1, names: nil)
    }
    let feature = kinds.firstIndex { $0 != nil } ?? 0
    let kind = kinds[feature] ?? .number
    kinds[feature] = kind
    for index in nodes {
      featureNodes[index] = [feature]
      if kind == .text { self.nodes[index].inputs = [ModelGraph.textsName] }
    }
  }

  /// The indices of the nodes that results depend on.
  private func needed(by results: [PredictionMethod: [String]]) -> Set<Int> {
    var names = Set(results.values.joined())
    var needed: Set<Int> = []
    for index in nodes.indices.reversed() where names.contains(nodes[index].output) {
      needed.insert(index)
      names.formUnion(nodes[index].inputs)
    }
    return needed
  }
}
