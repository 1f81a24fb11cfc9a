import Encoding

/// What a LightGBM model says of itself, apart from its trees.
public struct LightGBMParameters: Sendable {
  /// The version of the text, `v3` or `v4`; nil where it does not say.
  public internal(set) var version: String?
  /// The objective with its parameters, `binary sigmoid:1`; nil where there is none.
  public internal(set) var objective: String?
  /// How many classes there are; 1 where the objective has none.
  public internal(set) var classCount = 1
  /// How many trees one round makes, each of which adds to an output of its own.
  public internal(set) var treesPerRound = 1
  /// How many features rows have.
  public internal(set) var featureCount = 0
  /// The names of the features; empty where there are none.
  public internal(set) var featureNames: [String] = []
  /// Whether predictions are the mean over the rounds, as a random forest has them, and not the sum.
  public internal(set) var averages = false
  /// Whether the model keeps the categories of a frame, which those of a frame at prediction are matched with.
  public internal(set) var hasFrameCategories = false
  /// Those categories, a list for each column of the frame that had some; nil where not all of them are texts.
  public internal(set) var frameCategories: [[String]]?
  /// The features that were trained as categories, as the parameters behind the trees say.
  public internal(set) var categoricalFeatures: [Int] = []
}

/// One tree of a LightGBM model, checked: inner nodes and leaves are numbered apart, a negative child is the
/// complement of a leaf's number.
public struct LightGBMNodes: Sendable {
  /// The left child of each inner node.
  public let left: [Int32]
  /// The right child of each inner node.
  public let right: [Int32]
  /// The feature that each inner node looks at.
  public let feature: [Int32]
  /// The threshold of each inner node, or the number of its set of categories; NaN for what is no number.
  public let threshold: [Double]
  /// The kind of each decision, in bits: 1 categorical, 2 default left, 4 and 8 the type of missing values.
  public let decisions: [Int32]
  /// What each inner node gained, in single precision; empty where the text does not say.
  public let gains: [Double]
  /// What each leaf adds; NaN for what is no number.
  public let leaves: [Double]
  /// Where each set of categories begins in `categoryWords`, and the number of words.
  public let categoryBounds: [Int32]
  /// The sets of categories as bits.
  public let categoryWords: [UInt32]
  /// The linear models of the leaves; nil where leaves are numbers.
  public let linear: LightGBMLeafModels?

  init(_ tree: LightGBMTree) {
    let isSplit = tree.integer("num_leaves") ?? 0 > 1
    left = isSplit ? tree.integers("left_child") : []
    right = isSplit ? tree.integers("right_child") : []
    feature = isSplit ? tree.integers("split_feature") : []
    threshold = isSplit ? tree.doubles("threshold") : []
    let decisions = isSplit ? tree.integers("decision_type") : []
    // A tree without that line has numeric decisions only.
    self.decisions = decisions.count == left.count ? decisions : [Int32](repeating: 0, count: left.count)
    gains = isSplit ? tree.doubles("split_gain").map { Double(Float($0)) } : []
    leaves = tree.doubles("leaf_value")
    categoryBounds = tree.integers("cat_boundaries")
    categoryWords = tree.words("cat_threshold")
    linear = tree.integer("is_linear") ?? 0 == 0 ? nil : LightGBMLeafModels(tree)
  }
}

/// The linear models in the leaves of one tree.
public struct LightGBMLeafModels: Sendable {
  /// The constant of each leaf's model.
  public let constants: [Double]
  /// How many features each model has.
  public let counts: [Int32]
  /// Their features, leaf by leaf.
  public let features: [Int32]
  /// The coefficient of each.
  public let coefficients: [Double]

  init(_ tree: LightGBMTree) {
    constants = tree.doubles("leaf_const")
    counts = tree.integers("num_features")
    features = tree.integers("leaf_features")
    coefficients = tree.doubles("leaf_coeff")
  }
}

extension LightGBMTree {
  /// The numbers of a line; what is none is NaN.
  func doubles(_ name: String) -> [Double] {
    guard let value = fields[name] else { return [] }
    return LightGBMReader.words(value).map {
      $0.count > 64 ? .nan : Double(String(decoding: $0, as: UTF8.self)) ?? .nan
    }
  }

  /// The words of bits on a line; what does not fit is empty.
  func words(_ name: String) -> [UInt32] {
    guard let value = fields[name] else { return [] }
    return LightGBMReader.words(value).map {
      LightGBMReader.integer($0).flatMap { UInt32(exactly: $0) } ?? 0
    }
  }
}
