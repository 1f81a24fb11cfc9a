import Domain

// Rules about trees, and about other numbers that a predictor follows without looking.
extension Rule {
  static let trees = [treeStructure, treeDamage, indexStructure, treeSharing]

  static let treeStructure = Rule(
    "sklearn.tree-structure", .structure, .critical, .dangerous,
    "the nodes of a tree lead out of its memory, or round in a circle",
    why:
      "scikit-learn follows children and features without a check: a crafted tree reads foreign memory or never"
      + " ends (scikit-learn#34558, skops#535).",
    example: "expected the children of node 2 of tree 0 from 0 to 6, found 1099511627776",
    remedy: RuleText.doNotLoad, RuleText.outOfBounds)
  static let treeDamage = Rule(
    "sklearn.tree-damage", .damage, .medium, .malformed, "the parts of a tree do not fit together",
    why: "No training makes such a tree, and scikit-learn itself refuses it or predicts nonsense.",
    example: "expected 7 nodes in tree 0, as node_count says, found 6", remedy: RuleText.dumpAgain,
    RuleText.corrupt)
  static let indexStructure = Rule(
    "sklearn.index-structure", .structure, .critical, .dangerous,
    "numbers of one array lead out of another",
    why:
      "Neighbour trees, support vectors and sparse matrices hold indices that compiled code follows without a"
      + " check.",
    example: "expected indices from 0 to 79 in the idx_array of a KDTree, found 4096",
    remedy: RuleText.doNotLoad, RuleText.outOfBounds)
  static let treeSharing = Rule(
    "sklearn.tree-sharing", .exhaustion, .high, .dangerous,
    "the same trees stand in so many models that checking them would not end",
    why: "No library shares trees between models; a file that does was made to exhaust its reader.",
    example: "expected each tree in one model, found more than 268435456 nodes counted with repetition",
    remedy: RuleText.doNotLoad, RuleText.exhaustion)
}

extension RuleText {
  static let outOfBounds = ["OWASP ML10:2023", "ATLAS AML.T0076", "CWE-125", "CWE-835"]
}
