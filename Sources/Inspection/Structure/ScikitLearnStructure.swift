import Artifacts
import Domain

/// Whether the numbers inside scikit-learn's estimators lead where there is something.
///
/// Its compiled predictors follow children, features and indices without a check, so a file need hold no code to
/// read foreign memory or run for ever.
struct ScikitLearnStructure: DocumentCheck {
  /// How many nodes are looked at, those of a shared tree each time.
  static let nodeLimit = 1 << 28
  /// How many findings there are by one rule; a report lists no more.
  private static let listed = 100

  let document: PickleDocument
  let subject: Subject
  var values: PickleAttributes
  private(set) var findings: [Finding] = []
  private var counts: [String: Int] = [:]
  private var remaining = Self.nodeLimit
  /// How many features the rows have that an estimator hands to its tree.
  var widths: [ValueID: Int64] = [:]
  /// The features that the splits of a tree look at.
  var features: [ValueID: FeatureRange] = [:]

  /// The lowest and the highest feature of a tree's splits, and where they are.
  struct FeatureRange {
    var lowest: (feature: Int64, node: Int)
    var highest: (feature: Int64, node: Int)
    /// The number of the tree among those of the file.
    let tree: Int
  }

  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding] {
    var check = ScikitLearnStructure(document, subject)
    check.run()
    return check.findings
  }

  private init(_ document: PickleDocument, _ subject: Subject) {
    self.document = document
    self.subject = subject
    values = PickleAttributes(of: document)
  }

  private mutating func run() {
    var trees: [(ValueID, PickleObject)] = []
    var owners: [(ValueID, PickleObject)] = []
    for (index, value) in document.values.enumerated() {
      guard case .object(let object) = value else { continue }
      let id = ValueID(index: index)
      if object.type.module.hasPrefix("scipy.sparse"), Self.compressedMatrices.contains(object.type.name) {
        checkSparse(id, object)
      }
      guard object.type.module.hasPrefix("sklearn.") else { continue }
      switch object.type.name {
      case "Tree" where object.type.module.hasPrefix("sklearn.tree"): trees.append((id, object))
      case "KDTree", "KDTree32", "KDTree64", "BallTree", "BallTree32", "BallTree64":
        checkNeighbours(id, object)
      case "SVC", "NuSVC", "SVR", "NuSVR", "OneClassSVM": checkSupportVectors(id, object)
      case "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor":
        let attributes = values.attributes(of: object)
        if let tree = attributes["tree_"], let width = width(attributes) { widths[tree] = width }
      default:
        if object.type.module.hasPrefix("sklearn.ensemble") { owners.append((id, object)) }
      }
    }
    for (number, (id, object)) in trees.enumerated() { checkTree(id, object, number: number) }
    for (id, object) in owners { checkEnsemble(id, object) }
  }

  /// The number of features that an estimator was fitted with, and checks rows against.
  mutating func width(_ attributes: [String: ValueID]) -> Int64? {
    values.integer(attributes["n_features_in_"]) ?? values.integer(attributes["n_features_"])
  }

  /// Says something about a value of the pickle.
  mutating func report(_ rule: Rule, _ message: String, at id: ValueID) {
    let count = counts[rule.id, default: 0]
    guard count < Self.listed else { return }
    counts[rule.id] = count + 1
    findings.append(rule.finding(message, member: subject.member, offset: document.offset(of: id)))
  }

  /// Takes on the work of looking at `count` nodes; false where that is more than any honest file asks for.
  mutating func spend(_ count: Int, at id: ValueID) -> Bool {
    guard count <= remaining else {
      if counts[Rule.treeSharing.id] == nil {
        report(
          .treeSharing,
          "expected each tree in one model, found more than \(Self.nodeLimit) nodes counted with repetition",
          at: id)
      }
      return false
    }
    remaining -= count
    return true
  }
}
