import Artifacts
import Domain
import Lifting
import Testing

/// Arrays without elements whose other axis is without end: they take no memory, what is made of them would.
@Suite struct HostileShapesTests {
  private static let endless = 1 << 31

  private static func problem(
    _ module: String, _ name: String, _ attributes: (inout SyntheticDocument) throws -> [(String, ValueID)]
  ) throws -> Problem? {
    var document = SyntheticDocument()
    let version = document.add(.string("1.9.1"))
    let root = document.add(module, name, try attributes(&document) + [("_sklearn_version", version)])
    let whole = try document.document(root: root)
    do {
      _ = try Lifter.lift(whole)
      return nil
    } catch {
      return error
    }
  }

  private static func selector(
    over module: String, _ name: String,
    _ attributes: (inout SyntheticDocument) throws -> [(String, ValueID)]
  ) throws -> Problem? {
    try problem("sklearn.feature_selection._from_model", "SelectFromModel") { document in
      let inner = document.add(module, name, try attributes(&document))
      return [
        ("estimator", inner), ("estimator_", inner), ("importance_getter", document.add(.string("auto"))),
        ("norm_order", document.add(.integer(1))), ("threshold", document.add(.none)),
      ]
    }
  }

  private static let float = NumPyType.float(size: 8, .little)

  @Test func `coefficients of no output are refused`() throws {
    let problem = try Self.selector(over: "sklearn.linear_model._logistic", "LogisticRegression") {
      [("coef_", try $0.add(Self.float, [0, Self.endless], []))]
    }
    #expect(problem?.code == "lift.unexpected-attribute")
  }

  @Test func `no support vectors are refused`() throws {
    let problem = try Self.selector(over: "sklearn.svm._classes", "SVC") {
      [
        ("kernel", $0.add(.string("linear"))),
        ("support_vectors_", try $0.add(Self.float, [0, Self.endless], [])),
        ("_dual_coef_", try $0.add(Self.float, [3, 0], [])),
      ]
    }
    #expect(problem?.code == "lift.unexpected-attribute")
  }

  @Test(arguments: [
    ("random_projection", "GaussianRandomProjection"), ("decomposition._fastica", "FastICA"),
    ("neural_network._rbm", "BernoulliRBM"), ("decomposition._factor_analysis", "FactorAnalysis"),
    ("neighbors._nca", "NeighborhoodComponentsAnalysis"), ("decomposition._nmf", "NMF"),
  ])
  func `components without columns are refused`(_ module: String, _ name: String) throws {
    let problem = try Self.problem("sklearn.\(module)", name) {
      [
        ("n_features_in_", $0.add(.integer(2))), ("whiten", $0.add(.bool(false))),
        ("components_", try $0.add(Self.float, [Self.endless, 0], [])),
      ]
    }
    #expect(problem?.code == "lift.unexpected-attribute")
  }

  @Test func `factors whose covariance cannot be inverted are refused`() throws {
    let problem = try Self.problem("sklearn.decomposition._factor_analysis", "FactorAnalysis") {
      let numbers = [UInt8](repeating: 0, count: 8)
      let components = try $0.add(Self.float, [1, 1], Array(repeating: 0xFF, count: 8))
      return [
        ("n_features_in_", $0.add(.integer(1))), ("components_", components),
        ("mean_", try $0.add(Self.float, [1], numbers)),
        ("noise_variance_", try $0.add(Self.float, [1], numbers)),
      ]
    }
    #expect(
      problem?.message
        == "expected FactorAnalysis.components_ to be components whose covariance can be inverted, found an array of"
        + " float64 of shape [1, 1]")
  }

  @Test func `a booster that claims features without end is refused`() throws {
    let text = """
      tree
      version=v4
      num_class=1
      num_tree_per_iteration=1
      label_index=0
      max_feature_idx=1125899906842624
      objective=regression

      end of trees

      """
    let problem = try Self.selector(over: "lightgbm.sklearn", "LGBMRegressor") {
      let handle = $0.add(.string(text))
      let booster = $0.add("lightgbm.basic", "Booster", [("handle", handle)])
      return [("importance_type", $0.add(.string("split"))), ("_Booster", booster)]
    }
    #expect(problem != nil)
  }
}
