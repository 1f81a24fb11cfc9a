import Domain
import Lifting
import Testing

/// What cannot be lifted is refused with the exact reason and place, never guessed at.
@Suite struct RefusalTests {
  private static let environments = ["sklearn-1.2", "sklearn-1.9"]
  private static let known =
    "use DecisionTreeClassifier, DecisionTreeRegressor, LinearRegression, LogisticRegression, Pipeline,"
    + " RandomForestClassifier, RandomForestRegressor, StandardScaler"

  /// The fixture, where it says the class stands, and what is found there.
  private static let unsupported = [
    ("svc", "byte 43", "sklearn.svm._classes.SVC as the model"),
    ("knn", "byte 73", "sklearn.neighbors._classification.KNeighborsClassifier as the model"),
    ("one-vs-rest", "byte 57", "sklearn.multiclass.OneVsRestClassifier as the model"),
    ("gradient-boosting", "byte 66", "sklearn.ensemble._gb.GradientBoostingClassifier as the model"),
    ("custom-class-pipeline", "byte 104", "mypkg.features.LogScaler at Pipeline.steps[0] 'logscaler'"),
    (
      "function-transformer-pipeline", "byte 153",
      "sklearn.preprocessing._function_transformer.FunctionTransformer at Pipeline.steps[0]"
        + " 'functiontransformer'"
    ),
  ]

  @Test(arguments: environments, unsupported)
  func `an estimator that is not known is refused by its full name and place`(
    environment: String, expected: (name: String, position: String, found: String)
  ) throws {
    let document = try ModelFixture("unsupported/\(environment)/\(expected.name)").document()
    #expect(
      throws: Problem(
        .refused, "lift.unsupported-estimator",
        "expected an estimator that can be lifted, found \(expected.found)", position: expected.position,
        hint: Self.known)
    ) { try Lifter.lift(document) }
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
        "expected Pipeline.steps[0] 'standardscaler' StandardScaler to be fitted, found no attribute"
          + " 'n_features_in_'",
        position: "byte 127", hint: "call fit before you save the model")
    ) { try Lifter.lift(pipeline) }
  }

  @Test(arguments: environments)
  func `a classifier of several outputs is refused`(environment: String) throws {
    let document = try ModelFixture("unsupported/\(environment)/multi-output-classifier").document()
    #expect(
      throws: Problem(
        .refused, "lift.multi-output-classifier",
        "expected DecisionTreeClassifier to be a classifier of one output, found 2 outputs",
        position: "byte 63", hint: "fit one classifier for each output and push each")
    ) { try Lifter.lift(document) }
  }

  @Test func `nothing in the folder of unsupported models is lifted`() throws {
    let fixtures = ModelFixture.all(in: "unsupported")
    #expect(fixtures.count >= 20)
    for fixture in fixtures {
      guard let document = try fixture.documentIfReadable("model.joblib") else { continue }
      #expect(throws: Problem.self, "\(fixture.name)") { try Lifter.lift(document) }
    }
  }
}
