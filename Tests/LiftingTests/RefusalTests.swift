import Artifacts
import Domain
import Lifting
import Testing

/// What cannot be lifted is refused with the exact reason and place, never guessed at.
@Suite struct RefusalTests {
  private static let environments = ["sklearn-1.2", "sklearn-1.9"]

  @Test(arguments: environments)
  func `a class of somebody's own is refused by its full name, place and version`(
    environment: String
  ) throws {
    let document = try ModelFixture("unsupported/\(environment)/custom-class-pipeline").document()
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.unsupported-estimator")
    let version = environment == "sklearn-1.2" ? "1.2.2" : "1.9.1"
    #expect(
      problem?.message
        == "expected an estimator that can be lifted, found mypkg.features.LogScaler at Pipeline['logscaler'] →"
        + " LogScaler, trained with scikit-learn \(version)")
    #expect(problem?.position == "byte 104")
  }

  private static func problem(_ module: String, _ name: String) throws -> Problem? {
    var source = SyntheticDocument()
    let model = source.add(
      module, name, [("_sklearn_version", source.add(.string("1.9.1")))])
    let document = try source.document(root: model)
    return #expect(throws: Problem.self) { try Lifter.lift(document) }
  }

  @Test func `a class that is nearly a known one is told which`() throws {
    let problem = try Self.problem("sklearn.tree._classes", "DecisionTreeClasifier")
    #expect(
      problem?.message
        == "expected an estimator that can be lifted, found sklearn.tree._classes.DecisionTreeClasifier at"
        + " DecisionTreeClasifier, trained with scikit-learn 1.9.1")
    #expect(problem?.hint == "use DecisionTreeClassifier")
  }

  @Test func `a class of a known package is told its kin`() throws {
    let problem = try Self.problem("sklearn.tree._classes", "Bonsai")
    #expect(problem?.hint?.hasPrefix("of sklearn.tree these can be lifted: DecisionTreeClassifier, ") == true)
  }

  @Test func `an attribute in the place of a method is refused`() throws {
    var source = SyntheticDocument()
    let model = source.add(
      "sklearn.preprocessing._data", "StandardScaler", [("transform", source.add(.none))])
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.replaced-method")
    #expect(
      problem?.message
        == "expected StandardScaler to have its own method 'transform', found None in its place")
  }

  @Test(arguments: ["transform", "inverse_transform", "_get_support_mask", "__sklearn_tags__"])
  func `what the library calls inside is not replaced either`(name: String) throws {
    var source = SyntheticDocument()
    let model = source.add("sklearn.preprocessing._data", "StandardScaler", [(name, source.add(.none))])
    let document = try source.document(root: model)
    let problem = #expect(throws: Problem.self) { try Lifter.lift(document) }
    #expect(problem?.code == "lift.replaced-method")
  }

  @Test func `estimators of one model were fitted on features of the same names`() throws {
    var source = SyntheticDocument()
    func binarizer(_ feature: String) throws -> ValueID {
      let names = try #require(
        NumPyArray(
          type: .object, shape: [1], isFortranOrder: false, storage: .objects([source.add(.string(feature))]))
      )
      return source.add(
        "sklearn.preprocessing._data", "Binarizer",
        [
          ("n_features_in_", source.add(.integer(1))), ("feature_names_in_", source.add(.array(names))),
          ("threshold", source.add(.float(0))),
        ])
    }
    func document(_ features: [String]) throws -> PickleDocument {
      source = SyntheticDocument()
      var entries: [ValueID] = []
      for feature in features {
        let member = try binarizer(feature)
        entries.append(source.add(.tuple([source.add(.string("a")), member])))
      }
      let root = source.add(
        "sklearn.pipeline", "FeatureUnion",
        [
          ("transformer_list", source.add(.list(entries))), ("transformer_weights", source.add(.none)),
          ("_sklearn_version", source.add(.string("1.9.1"))),
        ])
      return try source.document(root: root)
    }
    let same = try document(["age", "age"])
    #expect(throws: Never.self) { try Lifter.lift(same) }
    let other = try document(["age", "income"])
    let problem = #expect(throws: Problem.self) { try Lifter.lift(other) }
    #expect(problem?.code == "lift.feature-names")
  }

  @Test(arguments: environments)
  func `a model that was never fitted is refused`(environment: String) throws {
    let forest = try ModelFixture("unsupported/\(environment)/unfitted-forest").document()
    #expect(
      throws: Problem(
        .refused, "lift.not-fitted",
        "expected RandomForestClassifier to be fitted, found no attribute 'estimators_'",
        position: "byte 66", hint: "call fit before you save the model")
    ) { try Lifter.lift(forest) }
    let pipeline = try ModelFixture("unsupported/\(environment)/unfitted-pipeline").document()
    #expect(
      throws: Problem(
        .refused, "lift.not-fitted",
        "expected Pipeline['standardscaler'] → StandardScaler to be fitted, found no attribute 'n_features_in_'",
        position: "byte 127", hint: "call fit before you save the model")
    ) { try Lifter.lift(pipeline) }
  }

  @Test func `nothing in the folder of unsupported models is lifted`() throws {
    let fixtures = ModelFixture.all(in: "unsupported")
    #expect(fixtures.count >= 8)
    for fixture in fixtures {
      guard let document = try fixture.documentIfReadable("model.joblib") else { continue }
      #expect(throws: Problem.self, "\(fixture.name)") { try Lifter.lift(document) }
    }
  }
}
