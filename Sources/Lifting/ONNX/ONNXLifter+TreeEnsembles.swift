import Artifacts
import Domain
import Encoding
import ModelGraph

// Ensembles of trees of version 5, whose leaves stand apart from their nodes.
extension ONNXLifter {
  /// Nodes and leaves apart, all of them by their places.
  mutating func treeEnsemble() throws(Problem) -> ONNXBatch {
    let x = try treeInput()
    let targets = try integer("n_targets", default: 1)
    guard 1...(1 << 20) ~= targets else { throw refusal("unexpected-attribute", "targets", "\(targets)") }
    ignore("nodes_hitrates")
    let yes = try integers("nodes_truenodeids") ?? []
    let no = try integers("nodes_falsenodeids") ?? []
    let yesIsLeaf = try integers("nodes_trueleafs") ?? []
    let noIsLeaf = try integers("nodes_falseleafs") ?? []
    let columns = try integers("nodes_featureids") ?? []
    let missing = try integers("nodes_missing_value_tracks_true") ?? []
    let thresholds = try tensor("nodes_splits")?.doubles ?? []
    let modes = try tensor("nodes_modes")?.integers ?? []
    let members = try tensor("membership_values")?.doubles ?? []
    let roots = try integers("tree_roots") ?? []
    let leafTargets = try integers("leaf_targetids") ?? []
    let leafWeights = try tensor("leaf_weights")?.doubles ?? []
    let count = yes.count
    guard [no, yesIsLeaf, noIsLeaf, columns].allSatisfy({ $0.count == count }), thresholds.count == count,
      modes.count == count, missing.isEmpty || missing.count == count,
      leafTargets.count == leafWeights.count, !leafWeights.isEmpty, !roots.isEmpty
    else { throw refusal("unexpected-attribute", "as many numbers of each kind as nodes", "others") }
    try spend(count &* 8 &+ leafWeights.count &* 10)
    var packer = ONNXTreePacker(targets: targets, features: x.columns, isSingle: x.kind != .float64)
    let known: [ONNXTreePacker.Mode] = [
      .lessOrEqual, .less, .greaterOrEqual, .greater, .equal, .unequal, .member,
    ]
    var sets = members.split(maxSplits: .max, omittingEmptySubsequences: false) { $0.isNaN }
    for index in 0..<count {
      guard known.indices ~= Int(modes[index]) else {
        throw refusal("unexpected-attribute", "a known mode of a node", "\(modes[index])")
      }
      var node = ONNXTreePacker.Node(mode: known[Int(modes[index])])
      func place(_ child: Int, _ isLeaf: Int) throws(Problem) -> Int {
        guard child >= 0, child < (isLeaf != 0 ? leafWeights.count : count) else {
          throw refusal("malformed-trees", "children that there are", "\(child)")
        }
        return isLeaf != 0 ? count + child : child
      }
      node.yes = try place(yes[index], yesIsLeaf[index])
      node.no = try place(no[index], noIsLeaf[index])
      node.feature = columns[index]
      node.threshold = thresholds[index]
      node.missingIsYes = missing.isEmpty ? false : missing[index] != 0
      if node.mode == .member {
        guard !sets.isEmpty else {
          throw refusal("malformed-trees", "a set of members for each node", "fewer")
        }
        node.members = Array(sets.removeFirst())
      }
      packer.nodes.append(node)
    }
    for index in leafWeights.indices {
      guard 0..<targets ~= leafTargets[index] else {
        throw refusal("malformed-trees", "targets from 0 to \(targets - 1)", "\(leafTargets[index])")
      }
      packer.nodes.append(ONNXTreePacker.Node(mode: .leaf))
      packer.add(target: leafTargets[index], weight: leafWeights[index], at: count + index)
    }
    for root in roots {
      guard 0..<count ~= root else { throw refusal("malformed-trees", "roots that there are", "\(root)") }
      packer.roots.append(root)
    }
    let names = ["AVERAGE", "SUM", "MIN", "MAX"]
    let transforms: [Transform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
    let function = try integer("aggregate_function", default: 1)
    let transform = try integer("post_transform", default: 0)
    guard names.indices ~= function, transforms.indices ~= transform else {
      throw refusal("unexpected-attribute", "a known function", "another")
    }
    return try aggregated(packer, names[function], base: [], transform: transforms[transform], on: x)
  }
}
