import Encoding

// TreeEnsemble of ai.onnx.ml version 5, whose nodes name each other by index, leaves apart.
extension ONNXTrees {
  /// The modes of `nodes_modes` in which several nodes may share a child: equal to a value, and member of a set.
  private static let sharing: Set<UInt8> = [4, 6]

  mutating func checkSplits() throws(MalformedBytes) {
    let yes = try node.attribute("nodes_truenodeids")?.integers() ?? []
    let no = try node.attribute("nodes_falsenodeids")?.integers() ?? []
    let yesLeaf = try node.attribute("nodes_trueleafs")?.integers() ?? []
    let noLeaf = try node.attribute("nodes_falseleafs")?.integers() ?? []
    let features = try node.attribute("nodes_featureids")?.integers() ?? []
    let roots = try node.attribute("tree_roots")?.integers() ?? []
    let targets = try node.attribute("leaf_targetids")?.integers() ?? []
    let count = yes.count
    guard count <= Self.nodeLimit, targets.count <= Self.nodeLimit else {
      return fault("expected at most \(Self.nodeLimit) nodes, found \(max(count, targets.count))", .limit)
    }
    var lengthsAgree = true
    for (name, found) in [
      ("nodes_falsenodeids", no.count), ("nodes_trueleafs", yesLeaf.count),
      ("nodes_falseleafs", noLeaf.count),
      ("nodes_featureids", features.count),
      ("nodes_splits", try elementCount("nodes_splits")),
      ("nodes_modes", try elementCount("nodes_modes")),
    ] {
      lengthsAgree = sameLength(name, found, count) && lengthsAgree
    }
    let weights = try elementCount("leaf_weights")
    lengthsAgree = sameLength("leaf_weights", weights, targets.count) && lengthsAgree
    let outputs = node.attribute("n_targets")?.integer ?? 1
    if outputs <= 0 || outputs > Self.targetLimit {
      return fault("expected from 1 to \(Self.targetLimit) targets, found \(outputs)")
    }
    if let wrong = targets.first(where: { $0 < 0 || Int64($0) >= outputs }) {
      return fault("expected a target from 0 to \(outputs - 1), found \(wrong)")
    }
    if let wrong = roots.first(where: { !yes.indices.contains(Int($0)) }) {
      return fault("expected a root among \(count) nodes, found \(wrong)")
    }
    guard lengthsAgree else { return }
    checkFeatures(features, [Mode](repeating: .branch, count: count))
    let modes = try modeNumbers()
    var parents = [Int32](repeating: 0, count: count)
    for root in roots {
      parents[Int(root)] += 1
      if parents[Int(root)] > 1 { return fault("expected one tree from node \(root), found two") }
    }
    var shareable = [Bool](repeating: true, count: count)
    for index in 0..<count {
      for (child, isLeaf, isTrue) in [(yes[index], yesLeaf[index], true), (no[index], noLeaf[index], false)] {
        let limit = isLeaf != 0 ? targets.count : count
        guard child >= 0, Int(child) < limit else {
          return fault(
            "expected a \(isLeaf != 0 ? "leaf" : "node") from 0 to \(limit - 1) under node \(index), found \(child)"
          )
        }
        guard isLeaf == 0 else { continue }
        parents[Int(child)] += 1
        let mode = modes.indices.contains(index) ? modes[index] : 0
        if !(isTrue && Self.sharing.contains(mode)) { shareable[Int(child)] = false }
        if parents[Int(child)] > 1, !shareable[Int(child)] {
          return fault("expected one parent for node \(child), found two")
        }
      }
    }
    var ready = roots.map(Int.init)
    for root in ready { parents[root] -= 1 }
    if let child = ready.first(where: { parents[$0] > 0 }) {
      return fault("expected a root without a parent, found node \(child) under another")
    }
    var reached = 0
    while let index = ready.popLast() {
      reached += 1
      for (child, isLeaf) in [(Int(yes[index]), yesLeaf[index]), (Int(no[index]), noLeaf[index])]
      where isLeaf == 0 {
        parents[child] -= 1
        if parents[child] == 0 { ready.append(child) }
      }
    }
    if reached < count {
      let stuck = parents.firstIndex { $0 > 0 }
      fault(
        stuck.map { "expected each node to be reached from its root, found node \($0) in a circle" }
          ?? "expected each node to be reached from its root, found \(count - reached) that are not")
    }
  }

  /// The modes, which stand in a tensor of bytes.
  private func modeNumbers() throws(MalformedBytes) -> [UInt8] {
    guard let attribute = node.attribute("nodes_modes"), let tensor = attribute.tensor else { return [] }
    var modes: [UInt8] = []
    var fields = ProtobufReader(tensor, origin: attribute.origin)
    while let field = try fields.next() {
      if field.number == 9, let raw = field.bytes { modes = Array(raw) }
      if field.number == 5 { try field.forEachInteger { modes.append(UInt8(clamping: $0)) } }
    }
    return modes
  }
}
