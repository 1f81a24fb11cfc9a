import Artifacts
import TestKit
import Testing
import YAML

@Suite struct EnvironmentFileTests {
  private static func read(_ text: String, as kind: EnvironmentFile.Kind = .requirements) -> EnvironmentFile {
    EnvironmentFile(Array(text.utf8)[...], as: kind)
  }

  private static func pins(_ file: EnvironmentFile) -> [String] {
    file.packages.map { "\($0.name) \($0.version)" }
  }

  @Test(arguments: [
    ("requirements.txt", EnvironmentFile.Kind.requirements), ("a/requirements-dev.txt", .requirements),
    ("pip-freeze.txt", .requirements), ("conda.yaml", .conda), ("environment.yml", .conda),
    ("python_env.yaml", .pythonEnvironment), ("model/MLmodel", .mlflow),
  ])
  func `a file is known by its name`(path: String, kind: EnvironmentFile.Kind) {
    #expect(EnvironmentFile.Kind(path: path) == kind)
    #expect(EnvironmentFile.Kind(path: path + ".bak") == nil)
  }

  @Test func `what MLflow wrote is read without a fault`() throws {
    let folder = "corpus/texts/honest-mlflow-pickle"
    var pins: [String: [String]] = [:]
    for name in try Fixtures.names(in: folder) {
      guard let kind = EnvironmentFile.Kind(path: name) else { continue }
      let file = EnvironmentFile(try Fixtures.bytes("\(folder)/\(name)")[...], as: kind)
      #expect(file.faults == [], "\(name)")
      pins[name] = Self.pins(file)
    }
    #expect(
      pins == [
        "MLmodel": ["mlflow 3.17.2", "python 3.11.7", "scikit-learn 1.9.1"],
        "conda.yaml": ["python 3.11.7", "mlflow 3.17.2", "scikit-learn 1.9.1"],
        "python_env.yaml": ["python 3.11.7", "pip 23.2.1", "setuptools 65.5.0"],
        "requirements.txt": ["mlflow 3.17.2", "scikit-learn 1.9.1"],
      ])
  }

  @Test func `of a list of requirements only pins are versions, and the rest stays in words`() {
    let file = Self.read(
      """
      # what pip freeze prints, and what people write
      numpy==2.4.6
      Scikit_Learn[extra] == 1.9.1  # pinned
      torch==2.4.0+cu121 \\
          --hash=sha256:00 \\
          --hash=sha256:11
      pandas===3.1.1
      scipy>=1.10,<2
      joblib~=1.6
      wheel
      a==1.*
      b==1.0; python_version < "3.8"
      c==1.0,!=1.1
      -r other.txt
      --index-url https://ada:secret@example.org/simple
      -e git+https://token@example.org/d.git#egg=d
      e @ https://ada:secret@example.org/e.whl?token=secret
      f @ file:///home/ada/f
      https://example.org/secret/g.whl
      ./h
      """)
    #expect(file.faults == [])
    #expect(Self.pins(file) == ["numpy 2.4.6", "Scikit_Learn 1.9.1", "torch 2.4.0+cu121", "pandas 3.1.1"])
    #expect(
      file.remarks == [
        "scipy>=1.10,<2", "joblib~=1.6", "wheel", "a==1.*", "b==1.0; python_version < \"3.8\"",
        "c==1.0,!=1.1",
        "-r other.txt", "--index-url …", "-e …", "e @ https://example.org/…", "f @ file:///…",
        "https://example.org/…", "./h…",
      ])
    #expect(!file.remarks.joined().contains("secret"))
    #expect(!file.remarks.joined().contains("token"))
  }

  @Test func `lines that are no requirements are faults, with their place, and the others stay`() {
    let file = Self.read("numpy==2.4.6\r\n%%%\nan honest sentence, not a requirement\nb==1\n")
    #expect(Self.pins(file) == ["numpy 2.4.6", "b 1"])
    #expect(file.faults.map(\.offset) == [14, 18])
    #expect(
      file.faults.first?.message == "expected a requirement such as 'numpy==2.4.6', found a line that is none"
    )
  }

  @Test func `of conda, names with versions are packages, with build and channel where they stand there`() {
    let file = Self.read(
      """
      name: env
      channels: [conda-forge]
      dependencies:
        - _libgcc_mutex=0.1=conda_forge
        - conda-forge::numpy=1.26.4=py311h64a7726_0
        - scipy==1.13.1
        - pip<=23.2.1
        - wheel
        - a=1.*
        - https://ada:secret@example.org/t/token::b=1.0
        - pip:
          - mlflow==3.17.2
          - xgboost>2
      """, as: .conda)
    #expect(file.faults == [])
    #expect(
      file.packages.map(\.source) == [
        .conda(build: "conda_forge", channel: nil), .conda(build: "py311h64a7726_0", channel: "conda-forge"),
        .conda(build: nil, channel: nil), .conda(build: nil, channel: nil), .pypi,
      ])
    #expect(
      Self.pins(file) == ["_libgcc_mutex 0.1", "numpy 1.26.4", "scipy 1.13.1", "b 1.0", "mlflow 3.17.2"])
    #expect(file.remarks == ["pip<=23.2.1", "wheel", "a=1.*", "xgboost>2"])
  }

  @Test(arguments: [
    ("", "expected a document, found none"), ("- a", "expected a mapping, found another value"),
    ("a: b", "expected 'dependencies' in an environment of conda, found none"),
    ("dependencies: a", "expected a list as 'dependencies', found another value"),
    ("dependencies: [[a]]", "expected packages among 'dependencies', found another value"),
    ("dependencies: ['%']", "expected a package of conda such as 'python=3.11.7', found a text that is none"),
    ("a: b\na: c", "expected each name of a mapping once and none merged, found 'a'"),
    ("a: &x {b: 1}\nc: {<<: *x}", "expected each name of a mapping once and none merged, found '<<'"),
    ("a: b\n---\nc: d", "expected one document, found another"),
    (
      "a: !!python/name:os.system ''",
      "expected YAML's plain types, found the tag 'tag:yaml.org,2002:python/name:os.system'"
    ),
    ("a: *b", "expected an alias of what came before, found another"),
    ("[a]: b", "expected a text as the name of a member, found a collection"),
    ("a: &x [*x]", "expected an alias of what came before, found another"),
  ])
  func `of YAML that is refused the reason is told`(text: String, message: String) {
    #expect(Self.read(text, as: .conda).faults.map(\.message) == [message])
  }

  @Test func `nothing of a file is without a bound`() {
    let many = (0..<5_000).map { "p\($0)==1\nq\($0)>1\n%\n" }.joined()
    let file = Self.read(many)
    #expect(file.packages.count <= 2_000)
    #expect(file.remarks.count <= 500)
    #expect(file.faults.count == 20)
    let large = EnvironmentFile(
      [UInt8](repeating: 0x20, count: EnvironmentFile.sizeLimit + 1)[...], as: .conda)
    #expect(large.faults.count == 1)
    #expect(Self.read(String(repeating: "a", count: 9_000)).faults.count == 1)
    #expect(Self.read("a==1 \\\n" + String(repeating: "\\\n", count: 100_000)).faults == [])
    #expect(
      Self.read(String(repeating: "[", count: 2_000), as: .conda).faults.first?.message
        == "expected at most 32 levels, found more")
    let bomb =
      "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
      + (1..<9).map {
        "a\($0): &a\($0) [\(Array(repeating: "*a\($0 - 1)", count: 10).joined(separator: ","))]\n"
      }.joined()
    #expect(
      Self.read(bomb, as: .conda).faults.first?.message
        == "expected at most 50000 values with all aliases followed, found more")
  }

  @Test func `a long text that many aliases name counts by its length`() {
    let text =
      "a: &x \(String(repeating: "y", count: 100_000))\nb: [\([String](repeating: "*x", count: 100).joined(separator: ", "))]"
    #expect {
      try YAMLValue(parsing: Array(text.utf8)[...])
    } throws: {
      ($0 as? MalformedYAML)?.message == "expected at most 50000 values with all aliases followed, found more"
    }
  }

  @Test func `values read back as they were written, whatever they are`() throws {
    var numbers = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let value = Self.random(depth: 4, &numbers)
      let text = "---\n" + Self.text(of: value)
      #expect(try YAMLValue(parsing: Array(text.utf8)[...]) == value, "\(text)")
    }
  }

  @Test func `whatever is pinned is read as it was pinned, whatever stands around it`() {
    var numbers = SeededGenerator(seed: 13)
    let words = Array("abcXYZ019")
    func word(_ joints: [Character]) -> String {
      let inner = words + joints
      let middle = (0..<Int.random(in: 0...9, using: &numbers)).compactMap { _ in
        inner.randomElement(using: &numbers)
      }
      return "a" + String(middle) + "9"
    }
    for _ in 0..<1_000 {
      let (name, version) = (word(["-", "_", "."]), "1." + word([".", "+", "!"]))
      let blank = ["", " ", "\t"].randomElement(using: &numbers) ?? ""
      let end = ["", "  # why", " --hash=sha256:00", "\r"].randomElement(using: &numbers) ?? ""
      let line = "\(blank)\(name)\(blank)==\(blank)\(version)\(end)"
      let file = Self.read(line)
      #expect(Self.pins(file) == ["\(name) \(version)"], "\(line)")
      #expect(file.faults == [] && file.remarks == [], "\(line)")
    }
  }

  @Test func `any bytes are read to an end`() throws {
    var numbers = SeededGenerator(seed: 12)
    let seed = try Fixtures.bytes("corpus/texts/honest-mlflow-pickle/conda.yaml")
    for _ in 0..<3_000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &numbers) {
        let place = Int.random(in: bytes.indices, using: &numbers)
        let signs = Array("-:&*!{}[]\"'|>%@`#\n \t\\\u{0}=<".utf8)
        bytes[place] = signs.randomElement(using: &numbers) ?? 0
      }
      for kind in EnvironmentFile.Kind.allCases {
        let file = EnvironmentFile(bytes[...], as: kind)
        #expect(file.packages.allSatisfy { !$0.name.isEmpty && !$0.version.isEmpty })
      }
    }
  }

  private static func random(depth: Int, _ numbers: inout SeededGenerator) -> YAMLValue {
    switch Int.random(in: 0..<(depth > 0 ? 4 : 1), using: &numbers) {
    case 2:
      .sequence((0..<Int.random(in: 0...4, using: &numbers)).map { _ in random(depth: depth - 1, &numbers) })
    case 3:
      .mapping(
        (0..<Int.random(in: 0...4, using: &numbers)).map {
          YAMLValue.Member(name: "\($0)\(scalar(&numbers))", value: random(depth: depth - 1, &numbers))
        })
    default: .scalar(scalar(&numbers))
    }
  }

  private static func scalar(_ numbers: inout SeededGenerator) -> String {
    let signs = Array("ab:-#&*!{}[],\"'\\ \n~é日")
    return String(
      (0..<Int.random(in: 0...8, using: &numbers)).compactMap { _ in signs.randomElement(using: &numbers) })
  }

  private static func text(of value: YAMLValue) -> String {
    switch value {
    case .scalar(let text): quoted(text)
    case .sequence(let elements): "[\(elements.map(Self.text(of:)).joined(separator: ", "))]"
    case .mapping(let members):
      "{\(members.map { "\(quoted($0.name)): \(Self.text(of: $0.value))" }.joined(separator: ", "))}"
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
  }
}
