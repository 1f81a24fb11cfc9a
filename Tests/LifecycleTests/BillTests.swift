import Domain
import Encoding
import Lifecycle
import Provenance
import Statements
import TestKit
import Testing

/// Bills of materials of bundles that real artifacts made.
struct BillTests {
  private static func bundle(
    _ bench: Bench, _ name: String = "iris"
  ) async throws -> (bundle: SealedBundle, version: ModelVersion) {
    let version = try #require(await bench.registry.versions(of: Sample.name(name)).last)
    return (try #require(await bench.bundles.bundle(version.bundle)), version)
  }

  private static func bill(_ bundle: SealedBundle) throws -> JSON {
    try JSON(parsing: try #require(bundle.contents.bytes(at: ModelBill.path)))
  }

  private static func component(_ bill: JSON, _ reference: String) -> JSON? {
    bill["components"]?.array?.first { $0["bom-ref"]?.string == reference }
  }

  private static func values(_ component: JSON?, _ property: String) -> [String] {
    (component?["properties"]?.array ?? []).filter { $0["name"]?.string == "gatehouse:\(property)" }
      .compactMap { $0["value"]?.string }
  }

  @Test func `of a forest has the model, its files and the framework that the artifact names`() async throws {
    let bench = try Bench()
    _ = try await bench.run { try await Bench.push(Fixture.forest, to: $0) }
    let (bundle, version) = try await Self.bundle(bench)
    let bill = try Self.bill(bundle)
    #expect(bill["bomFormat"] == "CycloneDX")
    #expect(bill["specVersion"] == "1.6")
    #expect(bill["metadata"]?["timestamp"] == nil)
    let model = try #require(bill["metadata"]?["component"])
    #expect(model["type"] == "machine-learning-model")
    #expect(model["bom-ref"] == "iris@1")
    let parameters = try #require(model["modelCard"]?["modelParameters"])
    #expect(parameters["architectureFamily"] == "RandomForestClassifier")
    #expect(parameters["task"] == "classification")
    #expect(parameters["inputs"] == [["format": "input: FP64 [-1, 4]"]])
    #expect(
      parameters["outputs"]?.array?.contains(["format": "predict_proba: FP64 [-1, 3]"]) == true)
    #expect(
      model["pedigree"]?["ancestors"]?.array?.first?["hashes"]
        == [["alg": "SHA-256", "content": .string(version.artifact.hexadecimal)]])
    for part in try #require(model["components"]?.array) {
      let path = try #require(part["name"]?.string)
      let digest = Digest(of: try #require(bundle.contents.bytes(at: path)))
      #expect(part["hashes"] == [["alg": "SHA-256", "content": .string(digest.hexadecimal)]])
    }
    let framework = try #require(Self.component(bill, "iris@1/pkg:pypi/scikit-learn@1.9.1"))
    #expect(framework["type"] == "framework")
    #expect(framework["purl"] == "pkg:pypi/scikit-learn@1.9.1")
    #expect(Self.values(framework, "stated-by") == ["artifact"])
    #expect(bill["components"]?.array?.count == 1)
  }

  @Test func `of an MLflow directory has what its files say of the training environment`() async throws {
    let bench = try Bench()
    _ = try await bench.run { try await StatedPlatform.push(StatedPlatform.mlflow, as: "iris", to: $0) }
    let bill = try Self.bill(try await Self.bundle(bench).bundle)
    let urls = (bill["components"]?.array ?? []).compactMap { $0["purl"]?.string }
    #expect(
      Set(urls) == [
        "pkg:pypi/mlflow@3.17.2", "pkg:pypi/scikit-learn@1.9.1", "pkg:conda/python@3.11.7",
        "pkg:generic/python@3.11.7", "pkg:pypi/pip@23.2.1", "pkg:pypi/setuptools@65.5.0",
      ])
    let library = Self.component(bill, "iris@1/pkg:pypi/scikit-learn@1.9.1")
    #expect(library?["type"] == "framework")
    #expect(
      Self.values(library, "stated-by") == ["artifact", "MLmodel", "conda.yaml", "requirements.txt"])
    #expect(
      Self.values(Self.component(bill, "iris@1/artifact/conda.yaml"), "requirement") == ["pip<=23.2.1"])
    #expect(
      Self.values(Self.component(bill, "iris@1/artifact/python_env.yaml"), "requirement")
        == ["wheel", "-r requirements.txt"])
    // Every part is reached from the model.
    let dependencies = Dictionary(
      uniqueKeysWithValues: (bill["dependencies"]?.array ?? []).map {
        ($0["ref"]?.string ?? "", ($0["dependsOn"]?.array ?? []).compactMap(\.string))
      })
    var reached: Set<String> = []
    var open = ["iris@1"]
    while let next = open.popLast() {
      if reached.insert(next).inserted { open += dependencies[next] ?? [] }
    }
    #expect(reached == Set(dependencies.keys))
    #expect(dependencies.count == 1 + (bill["components"]?.array?.count ?? 0))
  }

  @Test func `is the same whatever the order of the files, and so is the bundle`() async throws {
    var digests: Set<Digest> = []
    for reversed in [false, true] {
      let bench = try Bench()
      _ = try await bench.run {
        try await StatedPlatform.push(StatedPlatform.mlflow, as: "iris", reversed: reversed, to: $0)
      }
      digests.insert(try await Self.bundle(bench).bundle.digest)
    }
    #expect(digests.count == 1)
  }

  @Test func `tells what it could not read, and that refuses nothing`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run {
      try await StatedPlatform.push(
        StatedPlatform.mlflow, as: "iris",
        adding: [
          "environment.yml": Array("dependencies: [numpy=1.26.4=py311_0, {pip: [a: b]}]\n".utf8),
          "requirements-dev.txt": Array("torch==2.4.0+cu121\n%%%\n".utf8),
          "freeze.txt": [0xFF, 0xFE],
        ], to: $0)
    }
    #expect(outcome.status == .live, "\(outcome)")
    #expect(
      outcome.findings.filter { $0.rule == "environment.unread" }.map(\.member).sorted() == [
        "environment.yml", "freeze.txt", "requirements-dev.txt",
      ])
    let bill = try Self.bill(try await Self.bundle(bench).bundle)
    #expect(Self.component(bill, "iris@1/pkg:pypi/torch@2.4.0%2Bcu121") != nil)
    #expect(Self.component(bill, "iris@1/pkg:conda/numpy@1.26.4?build=py311_0") != nil)
    for file in ["environment.yml", "requirements-dev.txt", "freeze.txt"] {
      #expect(Self.values(Self.component(bill, "iris@1/artifact/\(file)"), "unread").count == 1)
    }
  }

  @Test func `has data sets by their digests where there are any`() throws {
    let data = try [1, 2].map { try DataSet(name: "data-\($0)", digest: Sample.digest($0)) }
    func bill(_ data: [DataSet]) throws -> ModelBill {
      ModelBill(
        of: try Sample.manifest("iris@3"), files: [], task: nil, inputs: [], outputs: [],
        trainingData: try TrainingData(data))
    }
    let json = try bill(data).json
    #expect(try bill(data.reversed()).canonicalBytes == json.canonicalBytes)
    let parameters = json["metadata"]?["component"]?["modelCard"]?["modelParameters"]
    let references = Set((parameters?["datasets"]?.array ?? []).compactMap { $0["ref"]?.string })
    let parts = (json["components"]?.array ?? []).filter { $0["type"] == "data" }
    #expect(references == Set(parts.compactMap { $0["bom-ref"]?.string }))
    #expect(references.count == 2)
  }

  /// Bundles that were sealed by the platform's own key, and are not what packing takes them for.
  @Test func `that is of something else is not stated`() async throws {
    let bench = try Bench()
    _ = try await bench.run { try await Bench.push(Fixture.tree, to: $0) }
    let bundle = try await Self.bundle(bench).bundle.contents
    #expect(try StatedBundle(bundle).digest == bundle.digest)
    let bill = try JSON(parsing: try #require(bundle.bytes(at: ModelBill.path)))
    func problem(_ path: String, _ bytes: [UInt8]?) throws -> String? {
      let files =
        bundle.files.filter { $0.path != path } + (bytes.map { [BundleFile(path: path, bytes: $0)] } ?? [])
      let changed = try UnsealedBundle(files: files)
      return #expect(throws: Problem.self) { try StatedBundle(changed) }?.code
    }
    for path in [ModelBill.path, StatedBundle.gatesPath, StatedBundle.inspectionPath, Manifest.path] {
      #expect(try problem(path, nil) == "bundle.incomplete")
    }
    let unfit: [(String, JSON)] = [
      (ModelBill.path, [:]), (ModelBill.path, bill.replacing("/specVersion", with: "1.5")),
      (ModelBill.path, bill.replacing("/metadata/component/bom-ref", with: "iris@2")),
      (ModelBill.path, bill.replacing("/components/0/bom-ref", with: "program")),
      (ModelBill.path, bill.replacing("/components/0/bom-ref", with: "iris@1")),
      (ModelBill.path, bill.replacing("/dependencies/0/dependsOn/0", with: "elsewhere")),
      (ModelBill.path, bill.replacing("/dependencies/0/ref", with: 1)),
      (StatedBundle.inspectionPath, ["verdict": "fine", "findings": []]),
      (StatedBundle.inspectionPath, ["verdict": "liftable", "findings": [["severity": "grave"]]]),
      (StatedBundle.gatesPath, []), (StatedBundle.gatesPath, ["results": [["gate": "a"]]]),
    ]
    for (path, json) in unfit {
      #expect(
        try problem(path, json.canonicalBytes) == "statement.unfit-bundle", "\(path) \(json.canonicalText)")
    }
    #expect(try problem(ModelBill.path, Array("{".utf8)) == "statement.unfit-bundle")
  }
}
