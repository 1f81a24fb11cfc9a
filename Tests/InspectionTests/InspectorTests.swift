import Artifacts
import Domain
import Encoding
import TestKit
import Testing

@testable import Inspection

@Suite struct InspectorTests {
  private static func inspect(_ bytes: [UInt8], path: String = "model.pkl") -> InspectionReport {
    Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: path)
  }

  @Test func `every malicious artifact gets the verdict that its index names`() throws {
    let index = try #require(try Fixtures.json("malicious/malicious.json").object)
    #expect(index.count > 250)
    for (file, entry) in index.sorted(by: { $0.key < $1.key }) {
      let report = Self.inspect(try Fixtures.bytes("malicious/\(file)"), path: file)
      var accepted = Set(entry["also"]?.array?.compactMap(\.string) ?? [])
      if let expected = entry["expected"]?.string { accepted.insert(expected) }
      // Models whose numbers contradict each other are pickles without fault; lifting refuses them.
      if file.hasPrefix("model-") { accepted.insert("liftable") }
      #expect(accepted.contains(report.verdict.rawValue), "\(file): \(report.text)")
      guard report.verdict == .dangerous, let callable = entry["callable"]?.string else { continue }
      #expect(report.findings.contains { $0.message.contains(callable) }, "\(file): \(report.text)")
    }
  }

  @Test(arguments: ["sklearn-1.2", "sklearn-1.9"])
  func `every model of scikit-learn's own classes is liftable, without a finding`(environment: String) throws
  {
    let names = try Fixtures.names(in: "models/\(environment)")
    #expect(names.count > 40)
    for name in names {
      let report = Self.inspect(try Fixtures.bytes("models/\(environment)/\(name)/model.joblib"))
      #expect(report.verdict == .liftable, "\(name): \(report.text)")
      #expect(report.findings.isEmpty, "\(name): \(report.text)")
      #expect(report.frameworkVersion?.hasPrefix(String(environment.dropFirst(8))) == true, "\(name)")
    }
  }

  @Test(arguments: ["sklearn-1.2", "sklearn-1.9"])
  func `no honest model is called dangerous or malformed`(environment: String) throws {
    let names = try Fixtures.names(in: "unsupported/\(environment)")
    #expect(names.count > 3)
    for name in names {
      let report = Self.inspect(try Fixtures.bytes("unsupported/\(environment)/\(name)/model.joblib"))
      #expect(report.verdict == .liftable || report.verdict == .notLiftable, "\(name): \(report.text)")
    }
  }

  @Test func `a model with a class of the author's own names the class and the byte`() throws {
    let report = Self.inspect(
      try Fixtures.bytes("unsupported/sklearn-1.9/custom-class-pipeline/model.joblib"))
    let finding = try #require(report.findings.first)
    #expect(finding.rule == "pickle.unknown-class")
    #expect(finding.message == "runs code of its own on load: mypkg.features.LogScaler")
    #expect(finding.offset == 104)
    #expect(report.verdict == .notLiftable)
  }

  @Test func `a call is told with its arguments, offset and opcode`() throws {
    let report = Self.inspect(Array("cos\nsystem\n(S'touch /tmp/x'\ntR.".utf8))
    let finding = try #require(report.findings.first)
    #expect(finding.rule == "pickle.call")
    #expect(finding.message == "would call os.system('touch /tmp/x') on load")
    #expect(finding.opcode == "REDUCE")
    #expect(finding.offset == 29)
    #expect(report.findings.count { $0.severity == .critical } == 1)
  }

  @Test func `a dangerous call weighs more than the damage behind it`() {
    let report = Self.inspect(Array("cos\nsystem\n(S'true'\ntR\u{7F}".utf8))
    #expect(report.verdict == .dangerous)
    #expect(report.findings.first?.rule == "pickle.call")
    #expect(report.findings.contains { $0.rule == "pickle.malformed" })
  }

  @Test func `a flood of small findings does not hide the call behind it`() {
    let classes = (0..<500).map { "cmypackage\nThing\($0)\n0" }.joined()
    let report = Self.inspect(Array((classes + "cos\nsystem\n(S'true'\ntR.").utf8))
    #expect(report.verdict == .dangerous)
    #expect(report.findings.first?.rule == "pickle.call")
    #expect(report.findings.count == 101)
    #expect(report.findings.last?.rule == "report.more")
  }

  @Test func `data that is no model is not liftable`() {
    let report = Self.inspect(Array("(dp0\n.".utf8))
    #expect(report.verdict == .notLiftable)
    #expect(report.findings.map(\.rule) == ["artifact.not-a-model"])
  }

  @Test func `an empty file is malformed and says so`() {
    let report = Self.inspect([])
    #expect(report.verdict == .malformed)
    #expect(report.findings.first?.message == "expected a model, found an empty file")
  }

  @Test func `the one model of a directory is found by its content`() throws {
    let model = try Fixtures.bytes("models/sklearn-1.9/iris-tree/model.joblib")
    let artifact = Artifact(files: [
      ArtifactFile(path: "README.md", bytes: Array("# Iris".utf8)[...]),
      ArtifactFile(path: "weights/model.data", bytes: model[...]),
      ArtifactFile(path: "requirements.txt", bytes: Array("scikit-learn\nnumpy\n".utf8)[...]),
    ])
    let report = Inspector.inspect(artifact, path: "iris")
    #expect(report.verdict == .liftable)
    #expect(report.member == "weights/model.data")
    #expect(report.source != nil)
  }

  @Test func `a directory without a model, or with two, says which`() throws {
    let model = try Fixtures.bytes("models/sklearn-1.9/iris-tree/model.joblib")
    let none = Inspector.inspect(
      Artifact(files: [ArtifactFile(path: "README.md", bytes: Array("# Iris".utf8)[...])]), path: "iris")
    #expect(none.verdict == .notLiftable)
    #expect(none.findings.contains { $0.rule == "artifact.no-model" })
    let two = Inspector.inspect(
      Artifact(files: [
        ArtifactFile(path: "a", bytes: model[...]), ArtifactFile(path: "b", bytes: model[...]),
      ]),
      path: "iris")
    #expect(two.verdict == .notLiftable)
    #expect(two.findings.first?.message == "expected one file that holds a model, found 2: 'a', 'b'")
    #expect(two.source == nil)
    #expect(Inspector.inspect(Artifact(files: []), path: "iris").verdict == .notLiftable)
  }
}

@Suite struct RuleTests {
  @Test func `every rule has an id of its own, a remedy, and is found by its id`() {
    #expect(Rule.all.count > 30)
    #expect(Set(Rule.all.map(\.id)).count == Rule.all.count)
    for rule in Rule.all {
      #expect(!rule.remedy.isEmpty && !rule.summary.isEmpty)
      #expect(Rule.named(rule.id)?.id == rule.id)
    }
  }

  @Test func `names are told apart by where they come from`() {
    func origin(_ module: String, _ name: String) -> NameOrigin {
      NameOrigin(PickleGlobal(module: module, name: name))
    }
    #expect(origin("os.path", "join") == .standardLibrary)
    #expect(origin("__builtin__", "eval") == .standardLibrary)
    #expect(origin("numpy.f2py.crackfortran", "myeval") == .libraryFunction)
    #expect(origin("pandas.core.frame", "DataFrame") == .libraryClass)
    #expect(origin("sklearn.svm._classes", "Unlisted") == .estimator)
    #expect(origin("sklearn.datasets", "fetch_openml") == .libraryFunction)
    #expect(origin("pip", "main") == .libraryFunction)
    #expect(origin("__main__", "LogScaler") == .own)
    #expect(origin("oscar", "Model") == .own)
    #expect(origin("mypkg.features", "Outer.Inner") == .own)
    #expect(origin("mypkg.features", "LogScaler.__init__.__globals__") == .reaching)
    #expect(origin("mypkg.features", "os.system") == .reaching)
    #expect(origin("__main__", "__builtins__") == .reaching)
    #expect(origin("__main__", "eval") == .standardLibrary)
    #expect(origin("functools", "partial") == .inert)
    #expect(origin("builtins", "str.split") == .inert)
    #expect(origin("new", "function") == .standardLibrary)
    #expect(origin("new", "Model") == .own)
    #expect(origin("joblib.memory", "Memory") == .libraryClass)
  }
}
